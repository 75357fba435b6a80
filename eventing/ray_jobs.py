"""Ray's Jobs API over HTTP: a submission is sent, asked for, and stopped by the name that we give it.

Without ray, so that a consumer needs none. https://docs.ray.io/en/latest/cluster/running-applications/job-submission
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

import aiohttp
import orjson

from eventing.http_session import http_session
from eventing.ray_run import RayState
from summit_inference.errors import ConfigurationError, UpstreamBroken, UpstreamUnreachable

_OK, _UNKNOWN = 200, 404
_REFUSED = frozenset({401, 403})


@dataclass(slots=True)
class RayJobs:
    """The Jobs API at a cluster's dashboard. Use it within one event loop, and close it there.

    Raises:
        UpstreamUnreachable, UpstreamBroken: Ray does not answer as it should; later it may.
        ConfigurationError: it refuses our token.
    """

    url: str
    token: str | None
    timeout_seconds: float
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        self._session = http_session(self.timeout_seconds, headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def state(self, submission_id: str) -> RayState | None:
        """How the submission stands; None where Ray has none of this name."""
        status, body = await self._call("GET", f"/api/jobs/{quote(submission_id)}")
        if status == _UNKNOWN:
            return None
        return state_of(_answered(status, body))

    async def submit(self, submission_id: str, entrypoint: str) -> None:
        """Let Ray run the command as a driver. Of a name that it has it takes no second one."""
        asked = {"submission_id": submission_id, "entrypoint": entrypoint}
        status, body = await self._call("POST", "/api/jobs/", orjson.dumps(asked))
        if status != _OK and await self.state(submission_id) is None:
            _answered(status, body)

    async def stop(self, submission_id: str) -> None:
        """End it, if it runs."""
        status, body = await self._call("POST", f"/api/jobs/{quote(submission_id)}/stop")
        if status != _UNKNOWN:
            _answered(status, body)

    async def _call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        if self._session is None:
            raise UpstreamUnreachable("The client of Ray is not open yet.")
        headers = {"content-type": "application/json"} if body else {}
        asked = self._session.request(
            method, f"{self.url.rstrip('/')}{path}", data=body or None, headers=headers, allow_redirects=False
        )
        try:
            async with asked as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UpstreamUnreachable("Ray does not answer at RAY_ADDRESS; jobs of its wait until it does.") from error


def state_of(body: bytes) -> RayState:
    """The state in Ray's answer about a submission.

    Raises:
        UpstreamBroken: there is none.
    """
    try:
        return RayState(orjson.loads(body)["status"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise UpstreamBroken("Ray's answer does not say how the job stands; is RAY_ADDRESS a dashboard?") from error


def _answered(status: int, body: bytes) -> bytes:
    if status in _REFUSED:
        raise ConfigurationError("Ray refuses us; set RAY_AUTH_TOKEN to the cluster's token.")
    if status != _OK:
        raise UpstreamBroken(f"Ray answered {status}; the log of its dashboard says why.")
    return body
