"""`python -m eventing.ray_driver URI`: the open chunks of a described job, by actors of Ray that hold the model.

Runs wherever a driver may: as a submission of Ray's Jobs API, in a RayJob on Kubernetes, or on one machine, where it
starts a Ray of its own. It ends well once every chunk is done, or left for the consumer. The only file that knows ray.
"""

import argparse
import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

import ray
import ray.data

from eventing.object_store import ObjectStore, StoreOptions, open_store
from eventing.ray_actor import RayActor
from eventing.ray_checkpoint import done_ids, open_chunks, read_description
from eventing.ray_description import DescribedChunk, RayDescription
from serving.command import run
from summit_inference.telemetry import set_up_logs

_log = logging.getLogger(__name__)
_MAX_BLOCKS = 10_000
_TRIES_ELSEWHERE = 3
"""Of a chunk whose actor died: nodes come and go, but a text that kills whoever reads it must not go round for ever."""


def start() -> None:
    """Drive the job whose description the command line names, to its end."""
    parser = argparse.ArgumentParser(prog="python -m eventing.ray_driver", description=__doc__)
    parser.add_argument("uri", help="the description, which eventing wrote: <output>/<job>/<attempt>/ray/job-….json")
    parser.add_argument("--s3-endpoint-url", default="", help="of an S3 that is not Amazon's")
    asked = parser.parse_args()
    set_up_logs("ray_driver")
    options = StoreOptions(readable=[asked.uri], s3_endpoint_url=asked.s3_endpoint_url)
    description = asyncio.run(read_description(open_store(options), asked.uri))
    chunks = asyncio.run(_left_to_do(open_store(description.work.store), description))
    outcomes = _outcomes(description.model_copy(update={"chunks": ()}), chunks) if chunks else Counter()
    _log.info("driver ends", extra={"job_id": description.job_id, **outcomes})


async def _left_to_do(store: ObjectStore, description: RayDescription) -> list[DescribedChunk]:
    done = {chunk_id async for chunk_id in done_ids(store, description.place)}
    chunks = open_chunks(description.chunks, done)
    numbers = {"chunks": len(description.chunks), "open_chunks": len(chunks)}
    _log.info("driver begins", extra={"job_id": description.job_id, **numbers})
    return chunks


def _outcomes(description: RayDescription, chunks: Sequence[DescribedChunk]) -> Counter[str]:
    """How many chunks came to which outcome."""
    work = description.work
    ray.init()
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = [{"chunk": each.model_dump_json()} for each in chunks]
    data = ray.data.from_items(rows, override_num_blocks=min(len(rows), _MAX_BLOCKS)).map(
        RayActor,
        fn_constructor_args=(description,),
        concurrency=(1, work.workers),
        num_cpus=work.cpus,
        num_gpus=work.gpus,
        max_task_retries=_TRIES_ELSEWHERE,
    )
    return Counter(row["outcome"] for row in data.iter_rows())


if __name__ == "__main__":
    run(start)
