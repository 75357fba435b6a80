"""Traffic in KServe's Standard mode: a Deployment and a Service for each version, and no Knative."""

from collections.abc import Mapping
from typing import Any

from rollout import standard
from rollout.cluster_backend import ClusterBackend, Patching, Routed
from rollout.effects import StartDark
from rollout.inference_service import Document
from rollout.world import Serving
from summit_inference.errors import ConfigurationError


class StandardBackend(ClusterBackend):
    """A `Backend` of one InferenceService in Standard mode."""

    def start_dark(self, effect: StartDark) -> None:
        """Add the candidate.

        Raises:
            ConfigurationError: this KServe has dropped the canary without a word.
        """
        super().start_dark(effect)
        service = self._cluster.inference_service(self._name)
        if effect.champion and standard.canary_version(service) != effect.candidate.version:
            raise ConfigurationError(
                "this KServe knows no spec.canary; rollouts in Standard mode need KServe 0.21 or later"
            )

    def _patch_for(self, effect: Patching, service: Mapping[str, Any]) -> Document | None:
        return standard.patch_for(effect, service)

    def _serving(self, service: Mapping[str, Any], routed: Routed) -> Serving:
        return standard.serving(service, self._cluster.crashes(self._name), routed)

    def _urls(self, service: Mapping[str, Any]) -> Mapping[str, str]:
        return standard.urls(service, self._cluster.namespace)
