import pytest
from unit.gateway.fake_clock import FakeClock

from gateway.keys import Key, digest_of
from gateway.quota import Quotas
from summit_inference.errors import Throttled


def key(name: str = "web", *, concurrency: int | None = None, requests_per_second: float | None = None) -> Key:
    return Key(name=name, sha256=digest_of(name), concurrency=concurrency, requests_per_second=requests_per_second)


def test_a_key_has_its_own_number_of_requests_in_flight() -> None:
    quotas, limited = Quotas(FakeClock()), key(concurrency=1)
    with quotas.within(limited):
        with pytest.raises(Throttled, match="in flight"), quotas.within(limited):
            pass
        with quotas.within(key("other", concurrency=1)):
            pass
    with quotas.within(limited):
        pass


def test_a_request_that_fails_is_in_flight_no_more() -> None:
    quotas, limited = Quotas(FakeClock()), key(concurrency=1)
    with pytest.raises(ZeroDivisionError), quotas.within(limited):
        raise ZeroDivisionError
    with quotas.within(limited):
        pass


def test_a_key_has_its_own_rate_and_is_told_when_to_come_back() -> None:
    clock = FakeClock()
    quotas, limited = Quotas(clock), key(requests_per_second=0.5)
    with quotas.within(limited):
        pass
    with pytest.raises(Throttled) as caught, quotas.within(limited):
        pass
    assert caught.value.retry_after_seconds == pytest.approx(2)
    clock.pass_seconds(2)
    with quotas.within(limited):
        pass


def test_a_changed_rate_counts_from_the_next_request() -> None:
    quotas = Quotas(FakeClock())
    with quotas.within(key(requests_per_second=0.5)):
        pass
    for _ in range(5):
        with quotas.within(key(requests_per_second=5)):
            pass


def test_a_key_without_limits_has_none() -> None:
    quotas = Quotas(FakeClock())
    for _ in range(1000):
        with quotas.within(key()):
            pass
