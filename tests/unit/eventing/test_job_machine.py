"""The state machine of a job, under every order of things: a seeded adversary delivers, loses, repeats and reorders.

Whatever it does, each document is in one result of the attempt that completes, the counts are right, and once it stops
the job ends.
"""

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from servers.ledgers import Clock, inline_job

from eventing.database import Database
from eventing.ledger import ChunkResult, Leased, Timing
from eventing.ledger_sql import sql_ledger
from eventing.schema import METADATA
from summit_inference.cloudevent import Event
from summit_inference.events import ChunkData, FailedData, FinishData, StoredObject, data_of
from summit_inference.jobs import JobState

_MANIFEST = StoredObject(uri="s3://out/manifest.json", sha256="0" * 64)
_choices = st.integers(0, 10_000)


class JobMachine(RuleBasedStateMachine):
    """One job, an adversary, and a clock that jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database("sqlite://")
        METADATA.create_all(self.database.engine)
        self.clock = Clock()
        self.ledger = sql_ledger(self.database, Timing(chunk_window=3), self.clock)
        self.delivered: list[Event] = []
        self.leases: list[Leased] = []
        self.numbers = itertools.count()

    @initialize(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4))
    def accept(self, sizes: list[int]) -> None:
        self.new = inline_job(*sizes)
        self.documents = sum(sizes)
        assert self.ledger.jobs.accept(self.new)

    @rule()
    def accept_again(self) -> None:
        assert not self.ledger.jobs.accept(self.new)

    @rule(is_taken=st.booleans())
    def publish(self, *, is_taken: bool) -> None:
        claimed = self.ledger.outbox.claim(2)
        if is_taken:
            self.delivered += [each.event for each in claimed]
            self.ledger.outbox.published(claimed)

    @rule(which=_choices)
    def deliver(self, which: int) -> None:
        """Any event that ever went out, any number of times."""
        if self.delivered:
            self._receive(self.delivered[which % len(self.delivered)])

    @rule(which=_choices)
    def finish(self, which: int) -> None:
        """A lease may be long over, and its chunk another's."""
        if self.leases:
            self._finish(self.leases[which % len(self.leases)])

    @rule(which=_choices, was_busy=st.booleans())
    def release(self, which: int, *, was_busy: bool) -> None:
        if self.leases:
            self.ledger.chunks.release(self.leases[which % len(self.leases)], was_busy=was_busy)

    @rule(which=_choices)
    def split(self, which: int) -> None:
        if self.leases and (leased := self.leases[which % len(self.leases)]).chunk.take > 1:
            self.ledger.chunks.split(leased)

    @rule(seconds=st.sampled_from([1, 100, 10_000, -10_000]))
    def jump(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(attempt=st.integers(1, 3))
    def begin_again(self, attempt: int) -> None:
        self.ledger.jobs.new_attempt("job", attempt, str(attempt + 3))

    @rule()
    def cancel(self) -> None:
        failed = FailedData(job_id="job", code="cancelled", reason="A reason.", action="Nothing.")
        self.ledger.jobs.fail(failed, state=JobState.CANCELLED)

    @invariant()
    def counts_are_right(self) -> None:
        job = self.ledger.jobs.job("job")
        if job is None:
            return
        finished = self.ledger.chunks.finished("job", job.attempt)
        assert job.done == sum(each.result.documents for each in finished)
        assert job.chunks_done == len(finished)
        lines = [line for each in finished for line in each.result.uri.split("/")[-1].split(",")]
        assert len(lines) == len(set(lines)) == job.done
        if job.state is JobState.COMPLETED:
            assert (job.done, job.total, job.chunks_done) == (self.documents, self.documents, job.chunks_total)

    def teardown(self) -> None:
        """Now everything works: the job ends, or it was cancelled."""
        if hasattr(self, "new"):
            self._let_it_end()
            job = self.ledger.jobs.job("job")
            assert job is not None
            assert job.state in {JobState.COMPLETED, JobState.CANCELLED}
        self.database.close()

    def _let_it_end(self) -> None:
        for _ in range(200):
            job = self.ledger.jobs.job("job")
            if job is None or job.state.is_over:
                return
            claimed = self.ledger.outbox.claim(100)
            self.ledger.outbox.published(claimed)
            for each in claimed:
                self._receive(each.event)
            for leased in self.leases:
                self._finish(leased)
            self.clock.now += 1000

    def _receive(self, event: Event) -> None:
        if event.type == ChunkData.event_type:
            data = data_of(event, ChunkData)
            leased = self.ledger.chunks.lease(data.job_id, data.attempt, data.chunk_id, str(next(self.numbers)))
            if isinstance(leased, Leased):
                self.leases.append(leased)
        elif event.type == FinishData.event_type:
            self.ledger.jobs.complete("job", data_of(event, FinishData).attempt, _MANIFEST)

    def _finish(self, leased: Leased) -> None:
        """The result's name says which lines are in it."""
        lines = [str(each.line) for each in self.ledger.chunks.documents(leased.chunk)]
        result = ChunkResult(f"s3://out/{leased.owner}/{','.join(lines)}", "0" * 64, len(lines), 0)
        self.ledger.chunks.finish(leased, result)


TestJobMachine = JobMachine.TestCase
TestJobMachine.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
