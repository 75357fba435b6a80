"""Who may pass which door: keys, scopes and quotas, whatever the transport."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from gateway.caller import Caller
from gateway.keys import KeyRing, Scope
from gateway.page_files import PAGE_PATHS
from gateway.quota import Quotas
from summit_inference.errors import Forbidden

_OPEN_PATHS = frozenset({"/health", "/ready", "/v2/health/live", "/v2/health/ready", *PAGE_PATHS})
_OPEN_METHODS = ("/ServerLive", "/ServerReady")
"""The same over gRPC."""
_METRICS_PATH = "/metrics"
_ANYBODYS_PATHS = frozenset({"/state", "/openapi.json"})
"""For every key, whatever it is for."""
_EVENTS_PATH = "/events"
_JOB_PATHS = ("/jobs", "/quarantine")
_READING = frozenset({"GET", "HEAD"})


class Access:
    """The check of every request. Without any key, all pass: the gateway then listens on loopback only."""

    def __init__(self, ring: Callable[[], KeyRing | None], quotas: Quotas) -> None:
        self._ring = ring
        self._quotas = quotas

    @contextmanager
    def admitted(self, method: str, path: str, headers: Mapping[str, str], caller: Caller) -> Iterator[None]:
        """Do the body for the caller, who gets the policy of the key where the request says none.

        Raises:
            Unauthenticated, Forbidden, Throttled: not for this one.
        """
        ring = self._ring()
        if ring is None or path in _OPEN_PATHS or path.endswith(_OPEN_METHODS):
            yield
            return
        key = ring.key_of(headers.get("authorization"))
        wanted = _scopes(method, path, is_batch=caller.request.is_batch)
        if not wanted & key.scopes:
            raise Forbidden(f"This key may not do this: it has none of the scopes {', '.join(sorted(wanted))}.")
        caller.policy = caller.policy or key.degradation
        with self._quotas.within(key):
            yield


def _scopes(method: str, path: str, *, is_batch: bool) -> set[Scope]:
    """One of these opens the door."""
    if path == _METRICS_PATH:
        return {Scope.ADMIN}
    if path in _ANYBODYS_PATHS:
        return set(Scope)
    if path == _EVENTS_PATH:
        return {Scope.BATCH}
    if path in _JOB_PATHS or path.startswith(tuple(f"{each}/" for each in _JOB_PATHS)):
        return {Scope.BATCH} if method in _READING else {Scope.ADMIN}
    return {Scope.EXTRACT, Scope.BATCH} if is_batch else {Scope.EXTRACT}
