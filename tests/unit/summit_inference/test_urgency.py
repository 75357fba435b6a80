"""The heap of waiting work."""

from hypothesis import given
from hypothesis import strategies as st

from summit_inference.cost_model import Load
from summit_inference.urgency import UrgencyHeap, Work


def test_the_most_urgent_comes_first_and_of_equals_the_one_that_came_first() -> None:
    heap: UrgencyHeap[str] = UrgencyHeap()
    for name, urgency in [("late", 9.0), ("first", 1.0), ("second", 1.0)]:
        heap.push(Work(1, name), urgency)
    assert [heap.pop().payload for _ in range(3)] == ["first", "second", "late"]


def test_cancelled_work_frees_its_room_at_once_and_never_comes_out() -> None:
    heap: UrgencyHeap[str] = UrgencyHeap()
    works = [Work(tokens, "") for tokens in (10, 20, 30)]
    for at, work in enumerate(works):
        heap.push(work, at)
    assert heap.cancel(works[0])
    assert heap.load == Load(50, 400 + 900)
    assert heap.head() is works[1]


def test_cancelling_what_does_not_wait_frees_nothing() -> None:
    heap: UrgencyHeap[str] = UrgencyHeap()
    work = Work(10, "")
    heap.push(work, 0)
    assert heap.pop() is work
    assert not heap.cancel(work)
    assert heap.load == Load()


def test_the_load_ahead_counts_what_is_at_least_as_urgent() -> None:
    heap: UrgencyHeap[str] = UrgencyHeap()
    for tokens, urgency in [(1, 1.0), (2, 2.0), (4, 3.0)]:
        heap.push(Work(tokens, ""), urgency)
    assert heap.load_before(2.0) == Load(3, 5)


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 10), st.booleans()), max_size=40))
def test_all_that_is_pushed_comes_out_once_in_order_unless_cancelled(entries: list[tuple[int, float, bool]]) -> None:
    heap: UrgencyHeap[int] = UrgencyHeap()
    works = [Work(tokens, at) for at, (tokens, _, _) in enumerate(entries)]
    for work, (_, urgency, _) in zip(works, entries, strict=True):
        heap.push(work, urgency)
    for work, (_, _, is_cancelled) in zip(works, entries, strict=True):
        if is_cancelled:
            assert heap.cancel(work)
    left = [at for at, (_, _, is_cancelled) in enumerate(entries) if not is_cancelled]
    assert heap.load == Load.of(entries[at][0] for at in left)
    popped = []
    while heap.head():
        popped.append(heap.pop().payload)
    assert popped == sorted(left, key=lambda at: entries[at][1])
    assert heap.load == Load()
