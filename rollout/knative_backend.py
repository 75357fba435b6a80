"""Traffic in KServe's Knative mode: revisions of one Knative Service, each at a host of its own by its tag."""

from collections.abc import Mapping
from typing import Any

from rollout import knative
from rollout.cluster_backend import ClusterBackend, Patching, Routed
from rollout.inference_service import Document, specified_version
from rollout.world import Serving


class KnativeBackend(ClusterBackend):
    """A `Backend` of one InferenceService in Knative mode."""

    def _patch_for(self, effect: Patching, service: Mapping[str, Any]) -> Document | None:
        return knative.patch_for(effect, service)

    def _serving(self, service: Mapping[str, Any], routed: Routed) -> Serving:
        return knative.serving(service, self._cluster.revisions(self._name), self._cluster.crashes(self._name), routed)

    def _urls(self, service: Mapping[str, Any]) -> Mapping[str, str]:
        latest, before = knative.hosts(service)
        newest, old = specified_version(service), self._serving(service, ({}, {})).rolled_out
        urls = {old: before} if old and before else {}
        return {**urls, newest: latest} if newest and latest else urls
