"""The pods that resources describe, whatever kind they are of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kube.rendering import Document, title

_TEMPLATES = {"Deployment", "Job", "DaemonSet", "StatefulSet"}
KNATIVE_KINDS = frozenset({"InferenceService", "ClusterServingRuntime", "Service.serving.knative.dev"})


@dataclass(frozen=True)
class Pod:
    """One kind of pod: where it is described, its spec, its labels."""

    owner: Document
    spec: Mapping[str, Any]
    labels: Mapping[str, str]
    init_only: bool = False
    """Whether it is a container for others' pods, and no pod."""

    @property
    def title(self) -> str:
        return title(self.owner)

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return [*self.spec.get("initContainers", ()), *self.spec.get("containers", ())]

    @property
    def is_knative(self) -> bool:
        """Whether Knative starts it, whose rules are stricter than Kubernetes'."""
        return kind_of(self.owner) in KNATIVE_KINDS


def kind_of(resource: Document) -> str:
    """The kind; with its group where another group has a kind of the same name."""
    group = resource["apiVersion"].rpartition("/")[0]
    return "Service.serving.knative.dev" if group == "serving.knative.dev" else str(resource["kind"])


def pods(resources: Iterable[Document]) -> Iterator[Pod]:
    """Every pod, of every resource that describes one."""
    for resource in resources:
        yield from _pods(resource)


def _pods(resource: Document) -> Iterator[Pod]:
    spec = resource.get("spec", {})
    match kind_of(resource):
        case kind if kind in _TEMPLATES or kind == "Service.serving.knative.dev":
            template = spec["template"]
            yield Pod(resource, template["spec"], template.get("metadata", {}).get("labels", {}))
        case "InferenceService" if "containers" in spec["predictor"]:
            yield Pod(resource, spec["predictor"], _inference_labels(resource))
        case "ClusterServingRuntime":
            yield Pod(resource, spec, {"serving.kserve.io/inferenceservice": "any"})
        case "ClusterStorageContainer":
            yield Pod(resource, {"containers": [spec["container"]]}, {}, init_only=True)


def _inference_labels(resource: Document) -> dict[str, str]:
    return {"serving.kserve.io/inferenceservice": resource["metadata"]["name"]}
