"""Jobs are given to Ray and taken back in both databases."""

import pytest
from servers.ledgers import Clock, drained, object_job, open_chunks, stretch

from eventing.database import Database
from eventing.ledger import Ledger, Timing
from eventing.ledger_sql import sql_ledger
from eventing.ray_run import RayRun

LOOK_SECONDS = 10.0


@pytest.fixture
def with_ray(database: Database, clock: Clock) -> Ledger:
    """A ledger with a job of three chunks of ten documents, which is Ray's."""
    ledger = sql_ledger(database, Timing(ray_documents=30), clock)
    ledger.jobs.accept(object_job())
    ledger.jobs.add_chunks("job", 0, 0, [stretch(1 + 10 * at) for at in range(3)])
    drained(ledger)
    ledger.jobs.finish_part("job", 0, 3)
    return ledger


def test_a_run_is_claimed_by_one_until_it_is_due_again(with_ray: Ledger, clock: Clock) -> None:
    assert with_ray.ray.claim(10, LOOK_SECONDS) == [RayRun("job", 1, 1)]
    assert with_ray.ray.claim(10, LOOK_SECONDS) == []
    clock.now += LOOK_SECONDS
    assert with_ray.ray.claim(10, LOOK_SECONDS) == [RayRun("job", 1, 1)]
    clock.now -= 10 * LOOK_SECONDS  # a clock that jumps back holds nothing up
    assert with_ray.ray.claim(10, LOOK_SECONDS) == [RayRun("job", 1, 1)]


def test_another_submission_is_counted_once_however_many_ask(with_ray: Ledger, clock: Clock) -> None:
    with_ray.ray.submit_again(RayRun("job", 1, 1))
    with_ray.ray.submit_again(RayRun("job", 1, 1))
    clock.now += LOOK_SECONDS
    assert with_ray.ray.claim(10, LOOK_SECONDS) == [RayRun("job", 1, 2)]


def test_chunks_that_are_open_are_published_when_the_job_is_taken_back(with_ray: Ledger) -> None:
    assert drained(with_ray) == []
    with_ray.ray.end(RayRun("job", 1, 1))
    assert len(drained(with_ray)) == 3
    assert with_ray.ray.end_all() == 0


def test_open_chunks_come_in_pages(with_ray: Ledger) -> None:
    first = with_ray.chunks.open("job", 1, limit=2)
    second = with_ray.chunks.open("job", 1, after=first[-1].chunk_id, limit=2)
    assert [*first, *second] == open_chunks(with_ray, "job", 1)


def test_each_attempt_is_a_run_of_its_own(with_ray: Ledger) -> None:
    with_ray.jobs.new_attempt("job", 1, "4")
    assert with_ray.ray.claim(10, LOOK_SECONDS) == [RayRun("job", 1, 1), RayRun("job", 2, 1)]
    assert with_ray.ray.end_all() == 2
    assert len(drained(with_ray)) == 3
