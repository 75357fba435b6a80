"""Ray's answers as Ray 2.60 gives them, cut to what counts."""

import json

import pytest

from eventing.ray_jobs import state_of
from eventing.ray_run import RayState
from summit_inference.errors import UpstreamBroken

RUNNING = {
    "type": "SUBMISSION",
    "job_id": "01000000",
    "submission_id": "summit-job-1-1",
    "driver_info": {"id": "01000000", "node_ip_address": "127.0.0.1", "pid": "7531"},
    "status": "RUNNING",
    "entrypoint": "python -m eventing.ray_driver s3://jobs/out/job/1/ray/job-0123456789abcdef.json",
    "message": "Job is currently running.",
    "error_type": None,
    "driver_exit_code": None,
}
KILLED = {
    **RUNNING,
    "status": "FAILED",
    "message": "Job entrypoint command failed with exit code -9, last available logs (truncated to 20,000 chars):\n",
    "error_type": "JOB_ENTRYPOINT_COMMAND_ERROR",
    "driver_exit_code": -9,
}


@pytest.mark.parametrize(("body", "expected"), [(RUNNING, RayState.RUNNING), (KILLED, RayState.FAILED)])
def test_the_state_is_read_from_the_answer(body: dict[str, object], expected: RayState) -> None:
    assert state_of(json.dumps(body).encode()) is expected


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"status": "DANCING"}', b'{"status": null}'])
def test_an_answer_without_a_state_is_none_of_rays(body: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="RAY_ADDRESS"):
        state_of(body)
