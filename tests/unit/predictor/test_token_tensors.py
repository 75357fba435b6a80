"""The tensor contract: what is read, what is refused and in which words, and what goes back."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.packing import TokenLabels
from predictor.token_tensors import SequenceLimits, rows_of, tensors_of
from summit_inference.errors import InvalidRequest, SummitError, TooLarge
from summit_inference.tensors import Datatype, InferRequest, Tensor

LIMITS = SequenceLimits(vocabulary=100, token_types=6, max_tokens=8, max_sequences=4)


def request(**inputs: Any) -> InferRequest:
    """Lists become INT64 tensors."""
    tensors = [
        value if isinstance(value, Tensor) else Tensor(name, Datatype.INT64, np.array(value, np.int64))
        for name, value in inputs.items()
    ]
    return InferRequest("m", tuple(tensors))


def ids_of(asked: InferRequest, limits: SequenceLimits = LIMITS) -> list[list[int]]:
    return [sequence.input_ids.tolist() for sequence in rows_of(asked, limits).sequences]


def test_the_padded_form_is_cut_where_its_mask_ends() -> None:
    asked = request(input_ids=[[1, 2, 3], [4, 0, 0]], attention_mask=[[1, 1, 1], [1, 0, 0]])
    assert ids_of(asked) == [[1, 2, 3], [4]]


def test_the_packed_form_is_cut_by_its_lengths() -> None:
    assert ids_of(request(input_ids=[[1, 2, 3, 4]], sequence_lengths=[3, 1])) == [[1, 2, 3], [4]]


def test_token_types_go_with_their_tokens() -> None:
    packed = request(input_ids=[[1, 2, 3]], sequence_lengths=[1, 2], token_type_ids=[[5, 0, 4]])
    padded = request(input_ids=[[1, 0], [2, 3]], attention_mask=[[1, 0], [1, 1]], token_type_ids=[[5, 99], [0, 4]])
    for asked in (packed, padded):
        types = [s.token_type_ids.tolist() for s in rows_of(asked, LIMITS).sequences if s.token_type_ids is not None]
        assert types == [[5], [0, 4]]


def test_padding_may_hold_any_id() -> None:
    assert ids_of(request(input_ids=[[1, 10_000], [2, -1]], attention_mask=[[1, 0], [1, 0]])) == [[1], [2]]


def test_no_sequences_are_no_error() -> None:
    assert ids_of(request(input_ids=np.zeros((1, 0)), sequence_lengths=[])) == []
    assert ids_of(request(input_ids=np.zeros((0, 5)), attention_mask=np.zeros((0, 5)))) == []


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        pytest.param({"attention_mask": [[1]]}, "input_ids is missing", id="no ids"),
        pytest.param({"input_ids": [[1]]}, "either attention_mask", id="neither mask nor lengths"),
        pytest.param(
            {"input_ids": [[1]], "attention_mask": [[1]], "sequence_lengths": [1]}, "not both", id="mask and lengths"
        ),
        pytest.param({"input_ids": [[1]], "attention_mask": [[1]], "ids": [1]}, "no input ids", id="an unknown input"),
        pytest.param({"input_ids": [1], "attention_mask": [[1]]}, "1 dimensions", id="ids of one dimension"),
        pytest.param(
            {"input_ids": Tensor("input_ids", Datatype.INT32, np.ones((1, 1), np.int32)), "attention_mask": [[1]]},
            "INT32",
            id="ids of another datatype",
        ),
        pytest.param({"input_ids": [[1, 2]], "attention_mask": [[1]]}, r"shape \[1, 1\]", id="a mask of another shape"),
        pytest.param({"input_ids": [[1]], "attention_mask": [[2]]}, "1 for tokens", id="a mask of another value"),
        pytest.param({"input_ids": [[1, 2]], "attention_mask": [[0, 1]]}, "on its right", id="padded on the left"),
        pytest.param(
            {"input_ids": [[1, 2]], "attention_mask": [[0, 0]]}, "Sequence 0 has no tokens", id="padding alone"
        ),
        pytest.param({"input_ids": [[1], [2]], "sequence_lengths": [1, 1]}, "2 rows", id="packed in two rows"),
        pytest.param({"input_ids": [[1, 2]], "sequence_lengths": [1]}, "sum to 2", id="lengths that leave tokens out"),
        pytest.param({"input_ids": [[1, 2]], "sequence_lengths": [3, -1]}, "0 or more", id="a negative length"),
        pytest.param(
            {"input_ids": [[1]], "sequence_lengths": [2**63 - 1, 2**63 - 1, 3]},
            "sum to 1",
            id="lengths that wrap around",
        ),
        pytest.param(
            {"input_ids": [[1]], "sequence_lengths": [1, 0]}, "Sequence 1 has no tokens", id="an empty sequence"
        ),
        pytest.param({"input_ids": [[100]], "sequence_lengths": [1]}, "from 0 to 99", id="an id over the vocabulary"),
        pytest.param({"input_ids": [[-1]], "sequence_lengths": [1]}, "from 0 to 99", id="a negative id"),
        pytest.param(
            {"input_ids": [[1]], "sequence_lengths": [1], "token_type_ids": [[6]]},
            "from 0 to 5",
            id="a type over the table",
        ),
        pytest.param(
            {"input_ids": [[1]], "sequence_lengths": [1], "token_type_ids": [[1, 1]]},
            "must be as input_ids",
            id="types of another shape",
        ),
    ],
)
def test_what_is_against_the_contract_is_refused_with_a_sentence(inputs: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        rows_of(request(**inputs), LIMITS)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param({"input_ids": [[1] * 9], "sequence_lengths": [9]}, id="a sequence over the model's positions"),
        pytest.param({"input_ids": [[1] * 5], "sequence_lengths": [1] * 5}, id="too many sequences"),
    ],
)
def test_what_is_over_a_limit_is_too_large(inputs: dict[str, Any]) -> None:
    with pytest.raises(TooLarge):
        rows_of(request(**inputs), LIMITS)


def test_a_model_without_token_types_takes_zeros() -> None:
    limits = SequenceLimits(vocabulary=100, token_types=0, max_tokens=8, max_sequences=4)
    asked = request(input_ids=[[1]], sequence_lengths=[1], token_type_ids=[[0]])
    assert ids_of(asked, limits) == [[1]]


def test_answers_stand_where_their_tokens_stood_and_padding_is_zero() -> None:
    rows = rows_of(request(input_ids=[[1, 2], [3, 0]], attention_mask=[[1, 1], [1, 0]]), LIMITS)
    labels = [
        TokenLabels(np.array([4, 5], np.int32), np.array([0.5, 0.6], np.float32)),
        TokenLabels(np.array([6], np.int32), np.array([0.7], np.float32)),
    ]
    label_id, score = tensors_of(labels, rows)
    assert (label_id.datatype, score.datatype) == (Datatype.INT32, Datatype.FP32)
    assert label_id.data.tolist() == [[4, 5], [6, 0]]
    np.testing.assert_allclose(score.data, [[0.5, 0.6], [0.7, 0.0]])


def test_no_sequences_have_empty_outputs_of_their_shape() -> None:
    rows = rows_of(request(input_ids=np.zeros((1, 0)), sequence_lengths=[]), LIMITS)
    assert [tensor.data.shape for tensor in tensors_of([], rows)] == [(1, 0), (1, 0)]


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=8), min_size=1, max_size=4))
def test_both_forms_say_the_same(texts: list[list[int]]) -> None:
    width = max(map(len, texts))
    padded = request(
        input_ids=[text + [0] * (width - len(text)) for text in texts],
        attention_mask=[[1] * len(text) + [0] * (width - len(text)) for text in texts],
    )
    packed = request(input_ids=[list(chain.from_iterable(texts))], sequence_lengths=[len(text) for text in texts])
    assert ids_of(padded) == ids_of(packed) == texts


@given(
    st.lists(st.lists(st.integers(-5, 200), max_size=3), min_size=1, max_size=3).filter(
        lambda rows: len({len(row) for row in rows}) == 1
    ),
    st.lists(st.integers(-3, 5), max_size=4),
)
def test_whatever_comes_is_read_or_refused_with_an_error_of_ours(ids: list[list[int]], lengths: list[int]) -> None:
    try:
        rows = rows_of(request(input_ids=ids, sequence_lengths=lengths), LIMITS)
    except SummitError:
        return
    assert sum(map(len, rows.sequences)) == np.array(ids).size
