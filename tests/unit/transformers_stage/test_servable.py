from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from summit_inference.errors import InvalidRequest, ModelVersionNotFound, Overloaded, TooLarge, UpstreamBroken
from summit_inference.lineage import Lineage
from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor
from summit_inference.text_tensors import spans_of, text_tensor
from transformers_stage.pipeline import TextPipeline, WindowPlan
from transformers_stage.servable import TextLimits, TransformerServable

LINEAGE = Lineage("summit-extract", "3", "run-1")
MERKEL = 5
"""The id of the token `merkel`, which the fake predictor takes for a person."""


class FakePredictor:
    """Labels every `merkel`; `answer` may be changed to misbehave."""

    def __init__(self) -> None:
        self.requests: list[InferRequest] = []
        self.changes: dict[str, object] = {}
        self.fault: Exception | None = None
        self.ready = True

    async def infer(self, request: InferRequest) -> InferResponse:
        self.requests.append(request)
        if self.fault:
            raise self.fault
        ids = request.inputs[0].data
        outputs = (
            Tensor("label_id", Datatype.INT32, np.where(ids == MERKEL, 1, 0).astype(np.int32)),
            Tensor("score", Datatype.FP32, np.full(ids.shape, 0.75, np.float32)),
        )
        return replace(InferResponse("summit-extract", outputs, "3"), **self.changes)  # type: ignore[arg-type]

    async def is_ready(self, model_name: str, model_version: str | None = None) -> bool:
        return self.ready and (model_name, model_version) == ("summit-extract", "3")


@pytest.fixture
def predictor() -> FakePredictor:
    return FakePredictor()


@pytest.fixture
def servable(bert_directory: Path, predictor: FakePredictor) -> TransformerServable:
    pipeline = TextPipeline.load(bert_directory, bert_directory, WindowPlan())
    return TransformerServable(LINEAGE, pipeline, predictor, TextLimits(3, 100, 20))


def _asked(*texts: str, version: str | None = None) -> InferRequest:
    return InferRequest("summit-extract", (text_tensor(texts),), version, id="abc")


@pytest.mark.parametrize("text", ["Merkel", "in Berlin in Berlin Merkel"], ids=["on the event loop", "in a thread"])
async def test_texts_become_entities_with_their_lineage(servable: TransformerServable, text: str) -> None:
    response = await servable.infer(_asked(text, version="3"))
    ((span,),) = spans_of(response, 1)
    assert (span.text, span.label, span.score) == ("Merkel", "PER", 0.75)
    assert (response.model_version, response.id) == ("3", "abc")
    assert response.parameters == {"run_id": "run-1", "degraded": False}


async def test_the_predictor_gets_packed_tensors_and_the_exact_version(
    servable: TransformerServable, predictor: FakePredictor
) -> None:
    await servable.infer(_asked("Merkel", "in Berlin"))
    (request,) = predictor.requests
    assert request.model_version == "3"
    shapes = {tensor.name: tensor.data.shape for tensor in request.inputs}
    assert shapes == {"input_ids": (1, 8), "sequence_lengths": (2,), "token_type_ids": (1, 8)}


@pytest.mark.parametrize("texts", [(), ("", " ")], ids=["no texts", "empty texts"])
async def test_nothing_to_read_asks_nobody(
    servable: TransformerServable, predictor: FakePredictor, texts: tuple[str, ...]
) -> None:
    assert spans_of(await servable.infer(_asked(*texts)), len(texts)) == [[] for _ in texts]
    assert not predictor.requests


async def test_another_version_is_not_served(servable: TransformerServable) -> None:
    with pytest.raises(ModelVersionNotFound, match="has 3"):
        await servable.infer(_asked("Merkel", version="2"))
    assert not await servable.is_ready("2")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [(("a",) * 4, "at most 3"), (("a" * 101,), "101 characters; send at most 100")],
    ids=["too many texts", "a text too long"],
)
async def test_over_a_limit_is_said_with_the_limit(
    servable: TransformerServable, texts: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(TooLarge, match=sentence):
        await servable.infer(_asked(*texts))


async def test_it_is_ready_when_its_predictor_is(servable: TransformerServable, predictor: FakePredictor) -> None:
    assert await servable.is_ready(None)
    assert await servable.is_ready("3")
    predictor.ready = False
    assert not await servable.is_ready(None)


async def test_an_error_of_the_predictor_passes_through(
    servable: TransformerServable, predictor: FakePredictor
) -> None:
    predictor.fault = Overloaded("later", retry_after_seconds=3)
    with pytest.raises(Overloaded) as caught:
        await servable.infer(_asked("Merkel"))
    assert caught.value.retry_after_seconds == 3


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"model_version": "2"}, id="another version"),
        pytest.param({"outputs": ()}, id="no outputs"),
        pytest.param(
            {
                "outputs": (
                    Tensor("label_id", Datatype.INT32, np.zeros((1, 1), np.int32)),
                    Tensor("score", Datatype.FP32, np.zeros((1, 1), np.float32)),
                )
            },
            id="too few tokens",
        ),
    ],
)
async def test_an_answer_that_does_not_fit_is_not_believed(
    servable: TransformerServable, predictor: FakePredictor, changes: dict[str, object]
) -> None:
    predictor.changes = changes
    with pytest.raises(UpstreamBroken):
        await servable.infer(_asked("Merkel"))


async def test_what_is_no_text_is_refused(servable: TransformerServable) -> None:
    with pytest.raises(InvalidRequest):
        await servable.infer(InferRequest("summit-extract", ()))


async def test_it_says_what_it_takes_and_gives(servable: TransformerServable) -> None:
    metadata = await servable.metadata("3")
    assert (metadata.name, metadata.versions) == ("summit-extract", ("3",))
    assert [spec.name for spec in metadata.inputs] == ["text"]
    assert [spec.name for spec in metadata.outputs] == ["text_index", "start", "end", "label", "entity", "score"]
