"""The API server as a rollout speaks to it: the InferenceService is patched, ModelRollouts and a Lease are written."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from rollout.inference_service import Document
from rollout.state import ModelRollout, Spec, Status
from rollout.world import StatusConflict
from summit_inference.errors import UpstreamBroken, UpstreamUnreachable

GROUP, VERSION, PLURAL = "rollout.summit.ai", "v1", "modelrollouts"
_KSERVE = ("serving.kserve.io", "v1beta1")
_KNATIVE = ("serving.knative.dev", "v1")
_CONFLICT, _NOT_FOUND = 409, 404
_OUR_FAULT = frozenset({"Completed", "ContainerStatusUnknown"})
"""Ends of a container that are no crash."""


@contextmanager
def _speaking(what: str) -> Iterator[None]:
    """Failures of the API server, in our words."""
    try:
        yield
    except ApiException as error:
        raise UpstreamBroken(f"the API server refused to {what} ({error.status}); check the operator's role") from error
    except HTTPError as error:
        raise UpstreamUnreachable(f"the API server could not be reached to {what}") from error


@dataclass(frozen=True, slots=True)
class Cluster:
    """The API of one namespace, by the generated clients, which are typed loosely."""

    namespace: str
    custom: Any
    """`CustomObjectsApi`."""
    core: Any
    """`CoreV1Api`."""
    coordination: Any
    """`CoordinationV1Api`."""

    def inference_service(self, name: str) -> Document:
        """The InferenceService of this name."""
        with _speaking("read the InferenceService"):
            found: Document = self.custom.get_namespaced_custom_object(
                *_KSERVE, self.namespace, "inferenceservices", name
            )
        return found

    def patch_inference_service(self, name: str, patch: Document, seen: Mapping[str, Any]) -> None:
        """Merge the patch, if the resource is still as it was seen."""
        patch["metadata"]["resourceVersion"] = seen["metadata"]["resourceVersion"]
        with _speaking("patch the InferenceService"):
            self.custom.patch_namespaced_custom_object(*_KSERVE, self.namespace, "inferenceservices", name, patch)

    def revisions(self, name: str) -> list[Document]:
        """The Knative revisions of the InferenceService's predictor."""
        selector = f"serving.knative.dev/service={name}-predictor"
        with _speaking("list revisions"):
            found = self.custom.list_namespaced_custom_object(
                *_KNATIVE, self.namespace, "revisions", label_selector=selector
            )
        items: list[Document] = found["items"]
        return items

    def crashes(self, name: str) -> dict[str, int]:
        """How often containers of each revision ended by themselves with a fault, out of memory among them.

        By the name of the Knative revision, or of the Deployment where there is no Knative.
        """
        with _speaking("list pods"):
            pods = self.core.list_namespaced_pod(
                self.namespace, label_selector=f"serving.kserve.io/inferenceservice={name}"
            ).items
        counts: dict[str, int] = {}
        for pod in pods:
            labels = pod.metadata.labels or {}
            revision = labels.get("serving.knative.dev/revision") or labels.get("app", "").removeprefix("isvc.")
            counts[revision] = counts.get(revision, 0) + sum(map(_crashes, pod.status.container_statuses or ()))
        return counts


def _crashes(container: Any) -> int:
    ended = container.last_state.terminated if container.last_state else None
    is_crash = ended is not None and ended.exit_code != 0 and ended.reason not in _OUR_FAULT
    return int(container.restart_count) if is_crash else 0


@dataclass(frozen=True, slots=True)
class ResourceStore:
    """A `StateStore` of custom resources; their resource version guards every write."""

    cluster: Cluster

    def read(self, name: str) -> ModelRollout | None:
        try:
            with _speaking("read the ModelRollout"):
                found = self.cluster.custom.get_namespaced_custom_object(
                    GROUP, VERSION, self.cluster.namespace, PLURAL, name
                )
        except UpstreamBroken as error:
            if getattr(error.__cause__, "status", None) == _NOT_FOUND:
                return None
            raise
        return _rollout(found)

    def write_status(self, seen: ModelRollout, status: Status) -> ModelRollout:
        body = {**_body(seen, seen.spec), "status": status.model_dump(mode="json")}
        with _conflicting(), _speaking("write the status"):
            written = self.cluster.custom.replace_namespaced_custom_object_status(
                GROUP, VERSION, self.cluster.namespace, PLURAL, seen.name, body
            )
        return _rollout(written)

    def write_spec(self, seen: ModelRollout, spec: Spec) -> ModelRollout:
        body, here = _body(seen, spec), (GROUP, VERSION, self.cluster.namespace, PLURAL)
        custom = self.cluster.custom
        with _conflicting(), _speaking("write the spec"):
            if seen.resource_version:
                written = custom.replace_namespaced_custom_object(*here, seen.name, body)
            else:
                written = custom.create_namespaced_custom_object(*here, body)
        return _rollout(written)


@contextmanager
def _conflicting() -> Iterator[None]:
    try:
        yield
    except UpstreamBroken as error:
        if getattr(error.__cause__, "status", None) == _CONFLICT:
            raise StatusConflict("the ModelRollout was written by somebody else; read it again") from error
        raise


def _rollout(found: Mapping[str, Any]) -> ModelRollout:
    return ModelRollout(
        name=found["metadata"]["name"],
        spec=Spec.model_validate(found["spec"]),
        status=Status.model_validate(found.get("status") or {}),
        resource_version=found["metadata"]["resourceVersion"],
    )


def _body(seen: ModelRollout, spec: Spec) -> Document:
    guard = {"resourceVersion": seen.resource_version} if seen.resource_version else {}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ModelRollout",
        "metadata": {"name": seen.name, **guard},
        "spec": spec.model_dump(mode="json"),
    }


class Lease:
    """The right to decide: one holder at a time, renewed each turn, free again when it was not."""

    def __init__(
        self, cluster: Cluster, name: str, holder: str, seconds: int, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._cluster, self._name, self._holder, self._seconds = cluster, name, holder, seconds
        self._clock = clock or (lambda: datetime.now(UTC))

    def is_held(self) -> bool:
        """Take or renew it; False while another one holds it, or where another one was faster."""
        api, namespace = self._cluster.coordination, self._cluster.namespace
        try:
            with _speaking("hold the Lease"):
                lease = self._read()
                if lease is None:
                    api.create_namespaced_lease(namespace, {"metadata": {"name": self._name}, "spec": self._spec()})
                    return True
                if lease.spec.holder_identity not in {self._holder, None, ""} and not self._is_over(lease.spec):
                    return False
                metadata = {"name": self._name, "resourceVersion": lease.metadata.resource_version}
                api.replace_namespaced_lease(self._name, namespace, {"metadata": metadata, "spec": self._spec()})
        except UpstreamBroken as error:
            if getattr(error.__cause__, "status", None) == _CONFLICT:
                return False
            raise
        return True

    def _read(self) -> Any:
        try:
            return self._cluster.coordination.read_namespaced_lease(self._name, self._cluster.namespace)
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def _is_over(self, spec: Any) -> bool:
        seconds = timedelta(seconds=spec.lease_duration_seconds or 0)
        return spec.renew_time is None or spec.renew_time + seconds < self._clock()

    def _spec(self) -> Document:
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": self._seconds,
            "renewTime": self._clock().isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
