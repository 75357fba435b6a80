"""Documents a second of a job, against the same texts through the packed forward in one process.

    summit up                             # in another terminal
    python -m bench.batch [--documents 10000] [--rounds 3]

The job goes the whole way: event, ledger, chunks, gateway, transformer, predictor, results. Both ways take turns, and
medians are kept. CPU time is that of every process of the platform, so it can be compared on a busy machine,
too. A table goes to stderr; the last line of stdout is a JSON document.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.document_pass import TEXTS_AT_ONCE, Pass, in_process, repeated, summed_up
from bench.texts import texts
from bench.usage import ProcessTree
from cli.batch_door import batch_door
from cli.here import plan_here
from cli.home import Home
from cli.job_input import from_file
from cli.job_watch import watch
from cli.local_model import local_extractor
from cli.settings import CliSettings
from summit_inference.errors import InternalError
from summit_inference.events import RequestedData, event_of
from summit_inference.jobs import JobState


@dataclass(frozen=True, slots=True)
class Result:
    """Medians over rounds."""

    documents: int
    job: Pass
    in_process: Pass
    ratio: float
    """Documents a second of the job, over those in process."""
    cpu_ratio: float
    """CPU time of a document in process, over that in the job."""


def main(asked: argparse.Namespace) -> None:
    """Run and print."""
    settings = CliSettings.load()
    home = plan_here(settings).home
    documents = repeated(texts(), asked.documents)
    platform = ProcessTree([int((home.supervisor / "pid").read_text("ascii"))])
    jobs, alone = [], []
    with tempfile.TemporaryDirectory() as scratch, local_extractor(settings) as extractor:
        path = Path(scratch) / "texts.jsonl"
        path.write_text("".join(json.dumps({"id": str(at), "text": text}) + "\n" for at, text in enumerate(documents)))
        in_process(extractor, documents[:TEXTS_AT_ONCE])  # warms it up
        for _ in range(asked.rounds):
            jobs.append(_timed(len(documents), platform.cpu_seconds, lambda: _job(settings, home, path)))
            alone.append(_timed(len(documents), time.process_time, lambda: in_process(extractor, documents)))
    job, bare = _median(jobs), _median(alone)
    result = Result(
        documents=len(documents),
        job=job,
        in_process=bare,
        ratio=round(job.documents_per_second / bare.documents_per_second, 3),
        cpu_ratio=round(bare.cpu_ms_per_document / job.cpu_ms_per_document, 3),
    )
    _print_table(result)
    print(json.dumps(asdict(result)))


def _timed(documents: int, cpu_seconds: Callable[[], float], one_pass: Callable[[], None]) -> Pass:
    wall, cpu = time.perf_counter(), cpu_seconds()
    one_pass()
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    return summed_up(documents, wall, cpu)


def _job(settings: CliSettings, home: Home, path: Path) -> None:
    """Submit the file and see the job end."""
    given = from_file(path, home.job_inputs, is_near=True)
    job_id = f"bench-{uuid.uuid4().hex[:8]}"
    data = RequestedData(job_id=job_id, documents=given.documents, reference=given.reference)

    async def done() -> JobState:
        async with batch_door(argparse.Namespace(url=None), settings) as door:
            await door.send(event_of(data, source="/summit/bench", id=job_id))
            return (await watch(lambda: door.job(job_id), poll_seconds=0.1)).state

    if (state := asyncio.run(done())) is not JobState.COMPLETED:
        raise InternalError(f"The job {job_id} is {state}; its status says why.")


def _median(passes: Sequence[Pass]) -> Pass:
    return Pass(
        statistics.median(each.documents_per_second for each in passes),
        statistics.median(each.cpu_ms_per_document for each in passes),
    )


def _print_table(result: Result) -> None:
    sys.stderr.write(f"{'way':<12}{'documents/s':>13}{'CPU-ms/document':>17}\n")
    for name, each in (("job", result.job), ("in process", result.in_process)):
        sys.stderr.write(f"{name:<12}{each.documents_per_second:>13.1f}{each.cpu_ms_per_document:>17.3f}\n")
    sys.stderr.write(f"ratio {result.ratio}, by CPU time {result.cpu_ratio}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    main(parser.parse_args())
