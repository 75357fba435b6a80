"""The predictor behind the V2 protocol."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from predictor.packing import TokenLabels, TokenSequence
from predictor.servable import PredictorServable
from predictor.token_tensors import SequenceLimits
from summit_inference.context import RequestContext, working_on
from summit_inference.deadline import Deadline
from summit_inference.errors import ModelVersionNotFound, Overloaded
from summit_inference.lineage import Lineage
from summit_inference.metrics import PREDICTOR_REQUESTS
from summit_inference.tensors import Datatype, InferRequest, Tensor

LINEAGE = Lineage("summit-extract", "3", "a" * 32)


class FakeEngine:
    """Labels are the token ids."""

    def __init__(self) -> None:
        self.is_ready = True
        self.asked: list[tuple[Deadline | None, bool]] = []
        self.error: BaseException | None = None

    async def infer(
        self, sequences: Sequence[TokenSequence], *, deadline: Deadline | None, is_batch: bool
    ) -> list[TokenLabels]:
        self.asked.append((deadline, is_batch))
        if self.error:
            raise self.error
        return [TokenLabels(s.input_ids.astype(np.int32), np.full(len(s), 0.5, np.float32)) for s in sequences]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


def servable(engine: FakeEngine, token_types: int = 6) -> PredictorServable:
    limits = SequenceLimits(vocabulary=100, token_types=token_types, max_tokens=8, max_sequences=4)
    return PredictorServable(LINEAGE, engine, limits)


def asked(model_version: str | None = None) -> InferRequest:
    tensors = (
        Tensor("input_ids", Datatype.INT64, np.array([[7, 8, 9]])),
        Tensor("sequence_lengths", Datatype.INT64, np.array([2, 1])),
    )
    return InferRequest("summit-extract", tensors, model_version, id="42")


async def test_an_answer_has_the_labels_the_request_s_id_and_the_lineage(engine: FakeEngine) -> None:
    response = await servable(engine).infer(asked("3"))
    assert response.output("label_id").data.tolist() == [[7, 8, 9]]
    assert response.output("score").data.tolist() == [[0.5, 0.5, 0.5]]
    assert (response.model_name, response.model_version, response.id) == ("summit-extract", "3", "42")
    assert response.parameters == {"run_id": "a" * 32, "degraded": False}


async def test_another_version_is_not_here(engine: FakeEngine) -> None:
    model = servable(engine)
    with pytest.raises(ModelVersionNotFound):
        await model.infer(asked("4"))
    with pytest.raises(ModelVersionNotFound):
        await model.metadata("4")
    assert not await model.is_ready("4")
    assert engine.asked == []


async def test_it_is_ready_while_the_engine_is(engine: FakeEngine) -> None:
    model = servable(engine)
    assert await model.is_ready(None)
    engine.is_ready = False
    assert not await model.is_ready("3")


async def test_deadline_and_class_are_those_of_the_request(engine: FakeEngine) -> None:
    deadline = Deadline.after(1)
    with working_on(RequestContext("r", deadline=deadline, is_batch=True)):
        await servable(engine).infer(asked())
    assert engine.asked == [(deadline, True)]


async def test_the_engine_s_errors_reach_the_caller(engine: FakeEngine) -> None:
    engine.error = Overloaded("The queue is full; retry later.")
    with pytest.raises(Overloaded):
        await servable(engine).infer(asked())


async def test_metadata_offers_token_types_only_where_the_model_has_them(engine: FakeEngine) -> None:
    with_types = await servable(engine, token_types=6).metadata(None)
    without = await servable(engine, token_types=0).metadata("3")
    assert [spec.name for spec in with_types.inputs] == [
        "input_ids",
        "attention_mask",
        "sequence_lengths",
        "token_type_ids",
    ]
    assert "token_type_ids" not in {spec.name for spec in without.inputs}
    assert [(spec.name, spec.datatype) for spec in without.outputs] == [
        ("label_id", Datatype.INT32),
        ("score", Datatype.FP32),
    ]
    assert (without.name, without.versions) == ("summit-extract", ("3",))


async def test_every_inference_is_counted_once_under_its_outcome(engine: FakeEngine) -> None:
    def counts() -> list[float]:
        codes = ("ok", "overloaded", "model_version_not_found", "cancelled")
        read = PREDICTOR_REQUESTS.labels
        return [read("3", code)._value.get() for code in codes]

    before = counts()
    model = servable(engine)
    await model.infer(asked())
    engine.error = Overloaded("later")
    with pytest.raises(Overloaded):
        await model.infer(asked())
    with pytest.raises(ModelVersionNotFound):
        await model.infer(asked("2"))
    engine.error = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await model.infer(asked())
    assert [now - was for now, was in zip(counts(), before, strict=True)] == [1, 1, 1, 1]
