"""A failing batch: who is answered, who is failed, and at what price."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from predictor.bisection import answers
from predictor.packing import TokenLabels, TokenSequence
from summit_inference.errors import InternalError, Overloaded, SummitError

POISON = 13


class Forward:
    """Labels are the token ids; it breaks on the poison, and runs out of memory over `capacity` tokens."""

    def __init__(self, capacity: int = 10_000) -> None:
        self.calls = 0
        self._capacity = capacity

    def __call__(self, sequences: Sequence[TokenSequence]) -> list[TokenLabels]:
        self.calls += 1
        if sum(map(len, sequences)) > self._capacity:
            raise MemoryError
        if any(POISON in sequence.input_ids for sequence in sequences):
            raise ValueError
        return [labels_of(sequence) for sequence in sequences]


def labels_of(sequence: TokenSequence) -> TokenLabels:
    return TokenLabels(sequence.input_ids.astype(np.int32), np.ones(len(sequence), np.float32))


def texts(ids: Sequence[int], length: int = 1) -> list[TokenSequence]:
    return [TokenSequence(np.full(length, value)) for value in ids]


def answered(forward: Forward, items: list[TokenSequence]) -> list[tuple[TokenSequence, TokenLabels | SummitError]]:
    return list(answers(forward, items, lambda item: item, lambda _: None))


def test_a_batch_without_trouble_is_one_forward() -> None:
    forward = Forward()
    found = answered(forward, texts(range(8)))
    assert forward.calls == 1
    assert [int(labels.label_id[0]) for _, labels in found if isinstance(labels, TokenLabels)] == list(range(8))


def test_an_empty_batch_is_no_forward() -> None:
    forward = Forward()
    assert answered(forward, []) == []
    assert forward.calls == 0


def test_of_sixteen_only_the_poison_text_fails_after_a_few_forwards() -> None:
    forward = Forward()
    found = answered(forward, texts(range(16)))
    failed = [int(item.input_ids[0]) for item, answer in found if isinstance(answer, InternalError)]
    assert (failed, len(found)) == ([POISON], 16)
    assert forward.calls == 1 + 2 * 4


@given(st.lists(st.integers(0, 20), max_size=40))
def test_every_text_has_one_answer_and_it_is_its_own(ids: list[int]) -> None:
    items = texts(ids)
    found = answered(Forward(), items)
    assert [id(item) for item, _ in found] == [id(item) for item in items]
    for item, answer in found:
        if POISON in item.input_ids:
            assert isinstance(answer, InternalError)
        else:
            assert isinstance(answer, TokenLabels)
            assert answer.label_id.tolist() == item.input_ids.tolist()


def test_too_little_memory_halves_the_batch_and_is_reported() -> None:
    too_large: list[int] = []
    forward = Forward(capacity=30)
    found = list(answers(forward, texts(range(4), length=20), lambda item: item, too_large.append))
    assert all(isinstance(answer, TokenLabels) for _, answer in found)
    assert too_large == [80, 40, 40]


def test_a_text_too_large_for_memory_by_itself_is_refused_and_may_come_again() -> None:
    found = answered(Forward(capacity=30), texts([1], length=31))
    assert isinstance(found[0][1], Overloaded)
