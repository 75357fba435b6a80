"""A very large job on a real Ray: driven there, looked after from here, and the same as by the ordinary way."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from servers.eventing import EventingServer, eventing_server
from servers.processes import free_ports
from servers.ray_head import TOKEN, RayHead, ray_head
from servers.results_reader import Expected, ResultsReader
from servers.s3 import S3Server, s3_server
from servers.stages import MODEL_VERSION, gateway, predictor, save_tiny_model, transformer

from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference
from summit_inference.cloudevent import binary_encoded
from summit_inference.events import RequestedData, event_of

_T = TypeVar("_T")
BUCKET = "jobs"
CHUNK_DOCUMENTS = 4
MANY, FEW, DISTINCT = 1_200, 60, 50
DONE_BEFORE_THE_KILL = 20
PATIENCE_SECONDS = 400


@dataclass(frozen=True)
class Grounds:
    """A consumer with a Ray, and with a gateway for what is not Ray's."""

    consumer: EventingServer
    ray: RayHead
    s3: S3Server

    def submit(self, job_id: str, documents: int) -> Expected:
        """Send a job of so many documents by reference; the last one is too long."""
        texts = {at: (f"d{at}", f"Angela Merkel {at % DISTINCT} met Bob in Berlin.") for at in range(1, documents)}
        lines = [{"id": each[0], "text": each[1]} for each in texts.values()] + [{"id": "long", "text": "x" * 2_000}]
        content = "".join(f"{json.dumps(each)}\n" for each in lines).encode()
        self.s3.client().put_object(Bucket=BUCKET, Key=f"in/{job_id}.jsonl", Body=content)
        uri, sha256 = f"s3://{BUCKET}/in/{job_id}.jsonl", hashlib.sha256(content).hexdigest()
        reference = {"uri": uri, "size_bytes": len(content), "sha256": sha256}
        asked = RequestedData.model_validate({"job_id": job_id, "reference": reference})
        message = binary_encoded(event_of(asked, source="/producer", id=job_id))
        sent = httpx.post(self.consumer.url, headers=list(message.headers), content=message.body, timeout=30)
        assert sent.status_code == 202, sent.text
        return Expected(texts, {documents: "too_long"})

    def status(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.consumer.url}/jobs/{job_id}", timeout=30).json()
        return found

    def ended(self, job_id: str) -> dict[str, Any]:
        until(lambda: self.status(job_id)["finished_at"], f"{job_id} does not end")
        return self.status(job_id)

    def done(self, job_id: str) -> set[str]:
        """The chunks that have a record."""
        return {Path(key).stem for key in self.keys(f"out/{job_id}/1/ray/done/")}

    def descriptions(self, job_id: str) -> list[list[str]]:
        """The chunks of each description, the longest first."""
        found = []
        for key in self.keys(f"out/{job_id}/1/ray/job-"):
            body = self.s3.client().get_object(Bucket=BUCKET, Key=key)["Body"].read()
            found.append([each["chunk_id"] for each in json.loads(body)["chunks"]])
        return sorted(found, key=len, reverse=True)

    def keys(self, prefix: str) -> list[str]:
        """The objects below a prefix, of which there are fewer than a page holds."""
        listed = self.s3.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for each in listed.get("Contents", [])]


def until(ask: Callable[[], _T], otherwise: str) -> _T:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := ask()):
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    folder = tmp_path_factory.mktemp("ray")
    model = folder / "models" / "summit-extract" / MODEL_VERSION
    model.mkdir(parents=True)
    save_tiny_model(model)
    files = file_digests(model)
    reference = ModelReference("summit-extract", MODEL_VERSION, None, whole_digest(files), files)
    (model / FILE_NAME).write_text(reference.to_json())
    (folder / "s3").mkdir()
    with (
        s3_server(folder / "s3") as s3,
        ray_head(folder, cpus=1, environment=s3.environment) as ray,
        predictor(model, folder) as encoder,
        transformer(model, encoder.url, folder) as stage,
        gateway(stage.url, folder) as door,
    ):
        s3.client().create_bucket(Bucket=BUCKET)
        settings = {
            **s3.environment,
            "RAY_ADDRESS": ray.url,
            "RAY_AUTH_TOKEN": TOKEN,
            "EVENTING_RAY_DOCUMENTS": str(MANY),
            "EVENTING_RAY_POLL_SECONDS": "0.5",
            "EVENTING_RAY_MODELS_DIRECTORY": str(folder / "models"),
            "EVENTING_DELIVERY_SECONDS": "60",
            "EVENTING_RESULTS_URI": f"s3://{BUCKET}/out",
            "EVENTING_READABLE_URIS": f"s3://{BUCKET}/in",
            "EVENTING_CHUNK_DOCUMENTS": str(CHUNK_DOCUMENTS),
            "EVENTING_MAX_CHARACTERS": "1000",
        }
        with eventing_server(door.url, folder, port=free_ports(1)[0], **settings) as consumer:
            yield Grounds(consumer, ray, s3)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_driver_that_is_killed_leaves_only_open_chunks_to_the_next(grounds: Grounds) -> None:
    reader = ResultsReader(grounds.s3.client())
    expected = grounds.submit("few", FEW)
    answers = reader.answers(grounds.ended("few"), expected)
    assert grounds.descriptions("few") == []

    expected = grounds.submit("many", MANY)
    until(lambda: len(grounds.done("many")) > DONE_BEFORE_THE_KILL, "Ray does nothing")
    grounds.ray.kill_driver("summit-many-1-1")
    done = grounds.done("many")
    status = grounds.ended("many")

    reader.judge(status, expected, answers)
    first, second = grounds.descriptions("many")
    assert len(first) == status["chunks_total"] == MANY / CHUNK_DOCUMENTS
    assert second
    assert not done & set(second)
    job = grounds.ray.job("summit-many-1-2")
    assert job
    assert job["status"] in {"RUNNING", "SUCCEEDED"}


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_job_that_is_cancelled_stops_at_ray(grounds: Grounds) -> None:
    grounds.submit("unwanted", MANY)
    until(lambda: grounds.ray.job("summit-unwanted-1-1"), "the job is not sent to Ray")
    cancelled = httpx.post(f"{grounds.consumer.url}/jobs/unwanted/cancel", timeout=30)
    assert cancelled.json()["state"] == "cancelled"

    def is_stopped() -> bool:
        job = grounds.ray.job("summit-unwanted-1-1")
        return job is not None and job["status"] == "STOPPED"

    until(is_stopped, "the driver goes on")
