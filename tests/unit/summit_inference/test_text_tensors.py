from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_inference.errors import InvalidRequest, UpstreamBroken
from summit_inference.spans import Span
from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor
from summit_inference.text_tensors import ENTITIES, spans_of, tensors_of, text_tensor, texts_of

_SPANS = st.builds(
    Span,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["PER", "ORG", "LOC"]),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.floats(0, 1, width=16),
)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_texts_come_back_out_of_their_tensor(texts: list[str]) -> None:
    assert texts_of(InferRequest("m", (text_tensor(texts),))) == texts


@given(st.lists(st.lists(_SPANS, max_size=4), max_size=5))
def test_spans_come_back_out_of_their_tensors(answers: list[list[Span]]) -> None:
    tensors = tensors_of(answers)
    assert [(t.name, t.datatype, t.data.ndim) for t in tensors] == [(s.name, s.datatype, 1) for s in ENTITIES]
    rounded = [[replace(span, score=round(span.score, 6)) for span in spans] for spans in answers]
    assert spans_of(InferResponse("m", tensors), len(answers)) == rounded


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        pytest.param((), "found none", id="no input"),
        pytest.param((text_tensor(["a"]), text_tensor(["b"])), "exactly one", id="two inputs"),
        pytest.param((Tensor("text", Datatype.INT32, np.zeros(1, np.int32)),), "BYTES", id="another datatype"),
        pytest.param((Tensor.of_bytes("text", [b"ok", b"a\xff"]),), "Element 1 .* byte 1", id="not utf-8"),
    ],
)
def test_what_is_no_text_gets_a_sentence(inputs: tuple[Tensor, ...], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        texts_of(InferRequest("m", inputs))


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param(tensors_of([[]])[:-1], id="an output is missing"),
        pytest.param(tensors_of([[], [Span("a", "PER", 0, 1, 1.0)]]), id="a text that was not sent"),
        pytest.param((*tensors_of([[]])[:-1], Tensor("score", Datatype.FP32, np.ones(2, np.float32))), id="ragged"),
    ],
)
def test_an_answer_against_the_contract_is_a_broken_upstream(outputs: tuple[Tensor, ...]) -> None:
    with pytest.raises(UpstreamBroken):
        spans_of(InferResponse("m", outputs), 1)
