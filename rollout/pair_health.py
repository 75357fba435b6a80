"""How far a pair is, as its processes say themselves."""

from dataclasses import dataclass
from typing import Any

import httpx

from registry.reference import FILE_NAME, ModelReference
from rollout.pair import Pair
from rollout.pairs import Pairs
from rollout.world import Deployed, Readiness

_TIMEOUT_SECONDS = 2.0
_SHOWN_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class PairHealth:
    """Asks the pairs of one model."""

    model_name: str
    pairs: Pairs
    http: httpx.Client
    """Without a proxy: everything here is on this machine."""

    def of(self, pair: Pair) -> Deployed:
        """The pair as a deployed version."""
        version, crashes = pair.model_version, self.pairs.crashes(pair.model_version)
        is_ready = self._get(f"{pair.url}/v2/models/{self.model_name}/versions/{version}/ready") is not None
        return Deployed(
            readiness=Readiness.READY if is_ready else Readiness.FAILED if crashes else Readiness.STARTING,
            revision=revision_of(pair),
            answers_as=self._answers_as(pair),
            crashes=crashes,
            fault=self.pairs.last_words(version) if crashes else "",
        )

    def _answers_as(self, pair: Pair) -> str | None:
        metadata = self._get(f"{pair.url}/v2/models/{self.model_name}")
        versions = (metadata or {}).get("versions") or []
        return str(versions[0]) if versions else None

    def _get(self, url: str) -> dict[str, Any] | None:
        """The document there; None where there is no answer, or none that is good."""
        try:
            response = self.http.get(url, timeout=_TIMEOUT_SECONDS)
            document = response.json() if response.is_success else None
        except (httpx.HTTPError, ValueError):
            return None
        return document if isinstance(document, dict) else None


def revision_of(pair: Pair) -> str:
    """Names what runs: the same files make the same revision, on whichever ports."""
    reference = pair.directory / FILE_NAME
    digest = ModelReference.from_json(reference.read_bytes()).digest if reference.exists() else ""
    return f"{pair.model_version}-{digest[:_SHOWN_CHARACTERS]}"
