"""A request as a model gets it, and a model's answer as it may be passed on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.caller import POLICY_NAME
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest, InferResponse
from summit_inference.text_tensors import spans_within

_OURS = (POLICY_NAME, "binary_data_output")
"""Parameters that are said to the gateway."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The V2 answer, and the spans that it says, for each text."""

    response: InferResponse
    spans: list[list[Span]]


def onward(request: InferRequest, model_version: str | None) -> InferRequest:
    """The request as the model gets it: for all outputs, raw. Which of them, and how, is between us and the caller."""
    parameters = {name: value for name, value in request.parameters.items() if name not in _OURS}
    return InferRequest(request.model_name, request.inputs, model_version, parameters=parameters)


def checked(response: InferResponse, texts: Sequence[str]) -> Answer:
    """The answer with its spans, which must stand where they say.

    Raises:
        UpstreamBroken: the response is against the contract.
    """
    spans = spans_within(response, texts)
    if "degraded" not in response.parameters:
        response = replace(response, parameters={"degraded": False, **response.parameters})
    return Answer(response, spans)
