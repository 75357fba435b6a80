"""The V2 text contract as values: texts in one tensor, the entities of all of them in six, one row an entity.

Spoken by transformer, gateway and fallback; `spans_of` undoes `tensors_of`.
"""

from collections.abc import Sequence

import numpy as np

from summit_inference.errors import InvalidRequest, UpstreamBroken
from summit_inference.spans import Span
from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor, TensorSpec

TEXT = TensorSpec("text", Datatype.BYTES, (-1,))
ENTITIES = (
    TensorSpec("text_index", Datatype.INT32, (-1,)),
    TensorSpec("start", Datatype.INT32, (-1,)),
    TensorSpec("end", Datatype.INT32, (-1,)),
    TensorSpec("label", Datatype.BYTES, (-1,)),
    TensorSpec("entity", Datatype.BYTES, (-1,)),
    TensorSpec("score", Datatype.FP32, (-1,)),
)


def text_tensor(texts: Sequence[str]) -> Tensor:
    """The input tensor of these texts."""
    return Tensor.of_bytes(TEXT.name, [text.encode() for text in texts])


def texts_of(request: InferRequest) -> list[str]:
    """The texts that a request carries, whatever the tensor's shape.

    Raises:
        InvalidRequest: there is no such input, it has another datatype, or an element is not UTF-8.
    """
    tensor = request.input(TEXT.name)
    if tensor is None or len(request.inputs) != 1:
        found = ", ".join(f"'{each.name}'" for each in request.inputs) or "none"
        raise InvalidRequest(f"Send exactly one input, 'text' of datatype BYTES and shape [N]; found {found}.")
    if tensor.datatype is not Datatype.BYTES:
        raise InvalidRequest(f"Input 'text' must be of datatype BYTES, not {tensor.datatype}.")
    return [_text(element, at) for at, element in enumerate(tensor.data.reshape(-1))]


def _text(element: bytes, at: int) -> str:
    try:
        return element.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"Element {at} of input 'text' is not UTF-8 at byte {error.start}; encode it as UTF-8."
        ) from None


def tensors_of(answers: Sequence[Sequence[Span]]) -> tuple[Tensor, ...]:
    """The output tensors, [M] each, for the spans of each text in order."""
    rows = [(at, span) for at, spans in enumerate(answers) for span in spans]
    return (
        Tensor("text_index", Datatype.INT32, np.asarray([at for at, _ in rows], np.int32)),
        Tensor("start", Datatype.INT32, np.asarray([span.start for _, span in rows], np.int32)),
        Tensor("end", Datatype.INT32, np.asarray([span.end for _, span in rows], np.int32)),
        Tensor.of_bytes("label", [span.label.encode() for _, span in rows]),
        Tensor.of_bytes("entity", [span.text.encode() for _, span in rows]),
        Tensor("score", Datatype.FP32, np.asarray([span.score for _, span in rows], np.float32)),
    )


def spans_of(response: InferResponse, text_count: int) -> list[list[Span]]:
    """The spans of each of `text_count` texts.

    Raises:
        UpstreamBroken: the response is against the contract.
    """
    answers: list[list[Span]] = [[] for _ in range(text_count)]
    try:
        columns = [response.output(spec.name).data.tolist() for spec in ENTITIES]
        for index, start, end, label, entity, score in zip(*columns, strict=True):
            answers[index].append(Span(entity.decode(), label.decode(), start, end, round(score, 6)))
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise UpstreamBroken("The model's answer does not follow the V2 text contract.") from error
    return answers


def spans_within(response: InferResponse, texts: Sequence[str]) -> list[list[Span]]:
    """The spans of each text, which stand where they say.

    Raises:
        UpstreamBroken: the response is against the contract.
    """
    answers = spans_of(response, len(texts))
    for text, spans in zip(texts, answers, strict=True):
        if any(text[span.start : span.end] != span.text for span in spans):
            raise UpstreamBroken("The model's answer names an entity that does not stand where it says.")
    return answers
