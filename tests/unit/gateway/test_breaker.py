from hypothesis import given
from hypothesis import strategies as st
from unit.gateway.fake_clock import FakeClock

from gateway.breaker import Breaker, BreakerPolicy, State, Verdict

POLICY = BreakerPolicy(error_share=0.5, slow_share=0.8, minimum_calls=4, window_seconds=30, open_seconds=5)


def report(breaker: Breaker, *verdicts: Verdict) -> None:
    for verdict in verdicts:
        assert breaker.may_pass()
        breaker.leave(breaker.enter(), verdict)


def opened(clock: FakeClock) -> Breaker:
    breaker = Breaker(POLICY, clock)
    report(breaker, *[Verdict.FAILED] * 4)
    return breaker


def test_few_failures_do_not_open_it() -> None:
    breaker = Breaker(POLICY, FakeClock())
    report(breaker, *[Verdict.FAILED] * 3)
    assert breaker.state is State.CLOSED


def test_half_of_enough_calls_failing_opens_it() -> None:
    breaker = Breaker(POLICY, FakeClock())
    report(breaker, Verdict.ANSWERED, Verdict.FAILED, Verdict.ANSWERED, Verdict.FAILED)
    assert (breaker.state, breaker.open_reason, breaker.may_pass()) == (State.OPEN, "broken", False)


def test_slow_answers_open_it_for_another_reason() -> None:
    breaker = Breaker(POLICY, FakeClock())
    report(breaker, *[Verdict.SLOW] * 4)
    assert (breaker.state, breaker.open_reason) == (State.OPEN, "timeout")


def test_what_is_older_than_the_window_is_forgotten() -> None:
    clock = FakeClock()
    breaker = Breaker(POLICY, clock)
    report(breaker, *[Verdict.FAILED] * 3)
    clock.pass_seconds(31)
    report(breaker, Verdict.FAILED)
    assert breaker.state is State.CLOSED


def test_after_a_while_it_lets_one_request_try() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.pass_seconds(5)
    assert (breaker.state, breaker.may_pass()) == (State.HALF_OPEN, True)
    breaker.enter()
    assert not breaker.may_pass()


def test_an_answer_to_the_try_closes_it_and_forgets_the_past() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.pass_seconds(5)
    report(breaker, Verdict.ANSWERED)
    assert breaker.state is State.CLOSED
    report(breaker, *[Verdict.FAILED] * 3)
    assert breaker.state is State.CLOSED


def test_a_try_that_fails_opens_it_again() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.pass_seconds(5)
    report(breaker, Verdict.SLOW)
    assert (breaker.state, breaker.open_reason) == (State.OPEN, "timeout")


def test_a_try_that_never_ends_does_not_keep_it_open_for_ever() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.pass_seconds(5)
    breaker.enter()
    clock.pass_seconds(5)
    assert breaker.may_pass()


def test_a_late_answer_from_before_it_opened_does_not_close_it() -> None:
    clock = FakeClock()
    breaker = Breaker(POLICY, clock)
    late = breaker.enter()
    report(breaker, *[Verdict.FAILED] * 4)
    clock.pass_seconds(5)
    breaker.leave(late, Verdict.ANSWERED)
    assert breaker.state is State.HALF_OPEN


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.floats(0, 20)), max_size=60))
def test_whatever_happened_one_answered_try_after_another_closes_it(history: list[tuple[Verdict, float]]) -> None:
    clock = FakeClock()
    breaker = Breaker(POLICY, clock)
    for verdict, seconds in history:
        clock.pass_seconds(seconds)
        if breaker.may_pass():
            breaker.leave(breaker.enter(), verdict)
        else:
            assert breaker.state is not State.CLOSED
    clock.pass_seconds(POLICY.open_seconds + 1)  # beyond what sums of floats lose
    report(breaker, Verdict.ANSWERED)
    clock.pass_seconds(POLICY.window_seconds + 1)
    report(breaker, Verdict.ANSWERED)
    assert breaker.state is State.CLOSED


@given(st.lists(st.sampled_from(Verdict), max_size=60))
def test_in_the_open_state_nothing_passes(verdicts: list[Verdict]) -> None:
    breaker = Breaker(POLICY, FakeClock())
    for verdict in verdicts:
        assert breaker.may_pass() == (breaker.state is State.CLOSED)
        if breaker.may_pass():
            breaker.leave(breaker.enter(), verdict)
