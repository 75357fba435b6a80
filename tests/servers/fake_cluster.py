"""The API server as far as a rollout speaks to it, over the model of KServe's canary. In memory."""

import copy
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from kubernetes.client.exceptions import ApiException
from servers.kserve_canary import KServe

from rollout.inference_service import specified_version
from rollout.world import Readiness

_READY = {Readiness.READY: "True", Readiness.FAILED: "False", Readiness.STARTING: "Unknown"}


class FakeCluster:
    """Stands for `CustomObjectsApi`, `CoreV1Api` and `CoordinationV1Api` at once."""

    def __init__(self, kserve: KServe, service: dict[str, Any]) -> None:
        self.kserve, self.service = kserve, service
        self.service["metadata"]["resourceVersion"] = "1"
        self.patches: list[dict[str, Any]] = []
        self.resources: dict[str, dict[str, Any]] = {}
        self.leases: dict[str, Any] = {}
        self.pods: list[Any] = []

    def get_namespaced_custom_object(
        self, _group: str, _version: str, _namespace: str, plural: str, name: str
    ) -> dict[str, Any]:
        if plural == "inferenceservices":
            return copy.deepcopy(self.service | {"status": self._status()})
        if name not in self.resources:
            raise ApiException(status=404)
        return copy.deepcopy(self.resources[name])

    def patch_namespaced_custom_object(
        self, _group: str, _version: str, _namespace: str, _plural: str, _name: str, body: dict[str, Any]
    ) -> None:
        if body["metadata"]["resourceVersion"] != self.service["metadata"]["resourceVersion"]:
            raise ApiException(status=409)
        self.patches.append(body)
        before = self._template()
        _merge(self.service, {"spec": body["spec"]})
        self._grow(self.service)
        self._follow(before)

    def _follow(self, before: dict[str, Any]) -> None:
        """What KServe makes of the patched resource, whose template was another one before."""
        self.kserve.percent = self.service["spec"]["predictor"].get("canaryTrafficPercent")
        if self._template() != before:
            self.kserve.apply(specified_version(self.service) or "", self.kserve.percent)
        else:
            self.kserve.reconcile()

    def list_namespaced_custom_object(self, *_: str, label_selector: str) -> dict[str, Any]:
        assert label_selector == "serving.knative.dev/service=summit-extract-predictor"
        return {
            "items": [
                {
                    "metadata": {"name": revision.name, "creationTimestamp": f"2026-01-01T00:00:{at:02d}Z"},
                    "spec": {"containers": [{"env": [_uri(revision.version)]}]},
                    "status": {"conditions": [{"type": "Ready", "status": _READY[revision.readiness]}]},
                }
                for at, revision in enumerate(self.kserve.revisions)
            ]
        }

    def list_namespaced_pod(self, _namespace: str, label_selector: str) -> Any:
        assert label_selector == "serving.kserve.io/inferenceservice=summit-extract"
        return SimpleNamespace(items=self.pods)

    def create_namespaced_custom_object(self, *arguments: Any) -> dict[str, Any]:
        body = copy.deepcopy(arguments[-1])
        body["metadata"]["resourceVersion"] = "1"
        self.resources[body["metadata"]["name"]] = body
        return copy.deepcopy(body)

    def replace_namespaced_custom_object(self, *arguments: Any) -> dict[str, Any]:
        return self._replaced(arguments[-2], {"spec": arguments[-1]["spec"]}, arguments[-1])

    def replace_namespaced_custom_object_status(self, *arguments: Any) -> dict[str, Any]:
        return self._replaced(arguments[-2], {"status": arguments[-1]["status"]}, arguments[-1])

    def read_namespaced_lease(self, name: str, _namespace: str) -> Any:
        if name not in self.leases:
            raise ApiException(status=404)
        return self.leases[name]

    def create_namespaced_lease(self, _namespace: str, body: dict[str, Any]) -> None:
        self.leases[body["metadata"]["name"]] = _lease(body, "1")

    def replace_namespaced_lease(self, name: str, _namespace: str, body: dict[str, Any]) -> None:
        present = self.leases[name].metadata.resource_version
        if body["metadata"]["resourceVersion"] != present:
            raise ApiException(status=409)
        self.leases[name] = _lease(body, str(int(present) + 1))

    def _replaced(self, name: str, part: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        present = self.resources[name]
        if present["metadata"]["resourceVersion"] != body["metadata"].get("resourceVersion"):
            raise ApiException(status=409)
        present.update(copy.deepcopy(part))
        self._grow(present)
        return copy.deepcopy(present)

    @staticmethod
    def _grow(resource: dict[str, Any]) -> None:
        resource["metadata"]["resourceVersion"] = str(int(resource["metadata"]["resourceVersion"]) + 1)

    def _template(self) -> dict[str, Any]:
        predictor = copy.deepcopy(self.service["spec"]["predictor"])
        predictor.pop("canaryTrafficPercent", None)
        return dict(predictor)

    def _status(self) -> dict[str, Any]:
        kserve = self.kserve
        latest, ready, old = kserve.latest, kserve.latest_ready, kserve.rolled_out
        tags = {old.name: "prev"} if old and old is not latest else {}
        traffic = [
            {"revisionName": name, "percent": share, **_tagged(tags.get(name, "latest"))}
            for name, share in kserve.traffic().items()
        ]
        return {
            "url": "http://summit-extract.summit",
            "conditions": [{"type": "Ready", "status": "True" if latest is ready else "Unknown"}],
            "components": {
                "predictor": {
                    "latestCreatedRevision": latest and latest.name,
                    "latestReadyRevision": ready and ready.name,
                    "latestRolledoutRevision": old and old.name,
                    "traffic": traffic,
                }
            },
        }


def _tagged(tag: str) -> dict[str, str]:
    return {"tag": tag, "url": f"http://{tag}-summit-extract-predictor.summit"}


def _uri(version: str) -> dict[str, str]:
    return {"name": "STORAGE_URI", "value": f"mlflow://summit-extract/{version}"}


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """JSON merge patch (RFC 7386)."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value


def _lease(body: dict[str, Any], resource_version: str) -> Any:
    spec = body["spec"]
    return SimpleNamespace(
        metadata=SimpleNamespace(resource_version=resource_version),
        spec=SimpleNamespace(
            holder_identity=spec["holderIdentity"], lease_duration_seconds=spec["leaseDurationSeconds"],
            renew_time=datetime.fromisoformat(spec["renewTime"]),
        ),
    )  # fmt: skip
