"""Documents a second of a job on a Ray of this machine, against the same texts through one extractor in this process.

    python -m bench.ray_batch [--documents 4096] [--workers 1]

Both compute with a core a worker. Of the job the second half counts: Ray is up by then, and so is every actor. CPU time
is that of Ray with all its processes, and can be compared on a busy machine, too. The last line of stdout is JSON.
"""

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.document_pass import TEXTS_AT_ONCE, Pass, in_process, repeated, summed_up
from bench.model_directory import shipped
from bench.texts import texts
from bench.usage import ProcessTree
from embedded.extractor import Extractor
from embedded.versions import open_version
from eventing.documents import ObjectReference, ReadLimits, scan
from eventing.object_store import StoreOptions, open_store
from eventing.ray_checkpoint import write_description
from eventing.ray_description import DescribedChunk, RayDescription, RayWork
from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference

_NAME, _VERSION = "summit-extract", "1"
_LIMITS = ReadLimits()
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Result:
    """Ray beside this process."""

    documents: int
    workers: int
    ray: Pass
    in_process: Pass
    ratio: float
    """Documents a second on Ray, over those in process."""
    cpu_ratio: float
    """CPU time of a document in process, over that on Ray."""


def main(asked: argparse.Namespace) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        models = _models(folder)
        documents = repeated(texts(), asked.documents)
        with open_version(models, _NAME, _VERSION, cores=1) as extractor:
            bare = _in_process(extractor, documents)
        on_ray = _on_ray(asyncio.run(_described(folder, models, documents, asked.workers)), folder)
    result = Result(
        documents=len(documents),
        workers=asked.workers,
        ray=on_ray,
        in_process=bare,
        ratio=round(on_ray.documents_per_second / bare.documents_per_second, 3),
        cpu_ratio=round(bare.cpu_ms_per_document / on_ray.cpu_ms_per_document, 3),
    )
    print(json.dumps(asdict(result)))


def _models(folder: Path) -> Path:
    """A folder with the newest shipped version, as a download leaves it."""
    directory = folder / "models" / _NAME / _VERSION
    directory.parent.mkdir(parents=True)
    shipped(folder).rename(directory)
    files = file_digests(directory)
    (directory / FILE_NAME).write_text(ModelReference(_NAME, _VERSION, None, whole_digest(files), files).to_json())
    return folder / "models"


async def _described(folder: Path, models: Path, documents: Sequence[str], workers: int) -> str:
    """The URI of the job's description."""
    content = "".join(json.dumps({"text": text}) + "\n" for text in documents).encode()
    source = folder / "texts.jsonl"
    source.write_bytes(content)
    options = StoreOptions(readable=[], writable=[folder.as_uri()])
    store = open_store(options)
    reference = ObjectReference(source.as_uri(), len(content), hashlib.sha256(content).hexdigest())
    ranges = [each async for each in scan(reference, store, _LIMITS, staging=folder.as_uri())]
    work = RayWork(
        models=models, store=options, limits=_LIMITS, max_characters=100_000, patience_seconds=60, workers=workers,
        cpus=1, gpus=0,
    )  # fmt: skip
    description = RayDescription(
        job_id="bench", attempt=1, model=_NAME, model_version=_VERSION, place=folder.as_uri(), output_format="jsonl",
        work=work,
        chunks=[
            DescribedChunk(chunk_id=f"{at:07d}", range=each, skip=0, take=each.documents)
            for at, each in enumerate(ranges)
        ],
    )  # fmt: skip
    return await write_description(store, description)


def _in_process(extractor: Extractor, documents: Sequence[str]) -> Pass:
    in_process(extractor, documents[:TEXTS_AT_ONCE])  # warms it up
    wall, cpu = time.perf_counter(), time.process_time()
    in_process(extractor, documents)
    return summed_up(len(documents), time.perf_counter() - wall, time.process_time() - cpu)


def _on_ray(uri: str, folder: Path) -> Pass:
    """The second half of the job, by a driver that starts a Ray of its own."""
    chunks = len(json.loads(Path(uri.removeprefix("file://")).read_bytes())["chunks"])
    driver = subprocess.Popen([sys.executable, "-m", "eventing.ray_driver", uri], stdout=sys.stderr)
    tree = ProcessTree([driver.pid])
    done = folder / "ray" / "done"
    begin, began_cpu = _reached(done, chunks // 2, driver), tree.cpu_seconds()
    end, ended_cpu = _reached(done, chunks, driver), tree.cpu_seconds()
    driver.wait()
    return summed_up((chunks - chunks // 2) * TEXTS_AT_ONCE, end - begin, ended_cpu - began_cpu)


def _reached(done: Path, count: int, driver: subprocess.Popen[bytes]) -> float:
    """When so many records were there."""
    while not done.is_dir() or sum(not each.name.startswith(".") for each in os.scandir(done)) < count:
        if driver.poll() is not None:
            raise SystemExit("the driver ended before its chunks were done; its log is above")
        time.sleep(_LOOK_SECONDS)
    return time.perf_counter()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=4_096)
    parser.add_argument("--workers", type=int, default=1)
    main(parser.parse_args())
