"""KServe's Standard mode as far as a rollout sees it: `spec.canary[]`, with what its webhook refuses. In memory."""

from typing import Any

from kubernetes.client.exceptions import ApiException
from servers.fake_cluster import FakeCluster
from servers.kserve_canary import Revision

from rollout.inference_service import version_in
from rollout.world import Readiness

_REFUSED = ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling")


class FakeStandardCluster(FakeCluster):
    """Each predictor of the spec is a Deployment, by its name; one that is named anew keeps its pods."""

    def patch_namespaced_custom_object(self, *arguments: Any) -> None:
        body = arguments[-1]
        for entry in body["spec"].get("canary") or ():
            self._check(entry)
        super().patch_namespaced_custom_object(*arguments)

    def _check(self, entry: dict[str, Any]) -> None:
        """What KServe's webhook holds against an entry."""
        predictor, stable = entry["predictor"], self.service["spec"]["predictor"]
        is_named = predictor.get("name") not in {None, "", stable.get("name")}
        is_fixed = not any(field in predictor for field in _REFUSED)
        if not (is_named and is_fixed and 1 <= predictor["minReplicas"] <= stable["minReplicas"]):
            raise ApiException(status=400)

    def _follow(self, _before: dict[str, Any]) -> None:
        spec = self.service["spec"]
        wanted = [version_in(each) for each in (spec["predictor"], *(spec.get("canary") or ()))]
        kept = [revision for revision in self.kserve.revisions if revision.version in wanted]
        known = {revision.version for revision in kept}
        new = [Revision(f"of-{version}", version) for version in wanted if version and version not in known]
        self.kserve.revisions = [*kept, *new]

    def _status(self) -> dict[str, Any]:
        spec, ready = self.service["spec"], {each.version: each.readiness for each in self.kserve.revisions}
        is_ready = ready[str(version_in(spec["predictor"]))] is Readiness.READY
        conditions = [{"type": kind, "status": str(is_ready)} for kind in ("Ready", "PredictorReady")]
        canaries = [
            {"name": entry["predictor"]["name"], "ready": ready[str(version_in(entry))] is Readiness.READY}
            for entry in spec.get("canary") or ()
        ]
        return {"url": "http://summit-extract.summit", "conditions": conditions, "canaryStatuses": canaries}
