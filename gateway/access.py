"""Who may pass which door: keys, scopes and quotas, whatever the transport."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from gateway.caller import Caller
from gateway.keys import Key, KeyRing, Scope
from gateway.quota import Quotas
from summit_inference.errors import Forbidden

_OPEN_PATHS = frozenset({"/health", "/ready", "/v2/health/live", "/v2/health/ready"})
_OPEN_METHODS = ("/ServerLive", "/ServerReady")
"""The same over gRPC."""
_METRICS_PATH = "/metrics"


class Access:
    """The check of every request. Without any key, all pass: the gateway then listens on loopback only."""

    def __init__(self, ring: Callable[[], KeyRing | None], quotas: Quotas) -> None:
        self._ring = ring
        self._quotas = quotas

    @contextmanager
    def admitted(self, path: str, headers: Mapping[str, str], caller: Caller) -> Iterator[None]:
        """Do the body for the caller, who gets the policy of the key where the request says none.

        Raises:
            Unauthenticated, Forbidden, Throttled: not for this one.
        """
        ring = self._ring()
        if ring is None or path in _OPEN_PATHS or path.endswith(_OPEN_METHODS):
            yield
            return
        key = ring.key_of(headers.get("authorization"))
        _check_scope(key, path, is_batch=caller.request.is_batch)
        caller.policy = caller.policy or key.degradation
        with self._quotas.within(key):
            yield


def _check_scope(key: Key, path: str, *, is_batch: bool) -> None:
    for_inference = {Scope.EXTRACT, Scope.BATCH} if is_batch else {Scope.EXTRACT}
    wanted = {Scope.ADMIN} if path == _METRICS_PATH else for_inference
    if not wanted & key.scopes:
        raise Forbidden(f"This key may not do this: it has none of the scopes {', '.join(sorted(wanted))}.")
