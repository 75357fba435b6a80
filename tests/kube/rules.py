"""Our own rules for manifests. Each takes resources and returns what it finds wrong, as sentences."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kube.pods import Pod, pods
from kube.rendering import Document, of_kind, title

_TAGGED = re.compile(r"[a-z0-9][a-z0-9./_-]*:(?!latest$)[A-Za-z0-9][A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*")
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_CLUSTER_WIDE = {
    "ClusterRole", "ClusterRoleBinding", "ClusterServingRuntime", "ClusterStorageContainer", "CustomResourceDefinition",
    "Namespace", "PriorityClass",
}  # fmt: skip
_EXACT_URI = re.compile(r"mlflow://[A-Za-z0-9_-]+/[0-9]+(@sha256:[0-9a-f]{64})?")


def images_are_exact(resources: Iterable[Document]) -> list[str]:
    """An image has a digest, or a tag that names a version."""
    return [
        f"{pod.title}: {container['image']} is no exact version"
        for pod in pods(resources)
        for container in pod.containers
        if not _TAGGED.fullmatch(container["image"]) and not _DIGEST.fullmatch(container["image"])
    ]


def knative_pods_have_one_port(resources: Iterable[Document]) -> list[str]:
    """A pod of Knative's has one container with one port."""
    return [
        f"{pod.title}: {ports} ports"
        for pod in pods(resources)
        if pod.is_knative and (ports := sum(len(container.get("ports", ())) for container in pod.containers)) != 1
    ]


def users_are_numbers(resources: Iterable[Document]) -> list[str]:
    """Every container runs as a numeric user that is not root, and says so."""
    return [
        f"{pod.title}: {container['name']} has no numeric user other than root"
        for pod in pods(resources)
        for container in pod.containers
        if not _is_numeric_user({**pod.spec.get("securityContext", {}), **container.get("securityContext", {})})
    ]


def _is_numeric_user(context: Mapping[str, Any]) -> bool:
    user = context.get("runAsUser")
    return isinstance(user, int) and user > 0 and context.get("runAsNonRoot") is True


def containers_are_locked(resources: Iterable[Document]) -> list[str]:
    """Read-only root, no capability, no new privileges, the runtime's seccomp profile."""
    return [
        f"{pod.title}: {container['name']} lacks {', '.join(lacking)}"
        for pod in pods(resources)
        for container in pod.containers
        if (lacking := list(_unlocked(pod, container.get("securityContext", {}))))
    ]


def _unlocked(pod: Pod, own: Mapping[str, Any]) -> Iterable[str]:
    seccomp = {**pod.spec.get("securityContext", {}), **own}.get("seccompProfile", {})
    if own.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation: false"
    if own.get("capabilities") != {"drop": ["ALL"]}:
        yield "capabilities: {drop: [ALL]}"
    if seccomp.get("type") != "RuntimeDefault":
        yield "seccompProfile"


def resources_are_stated(resources: Iterable[Document]) -> list[str]:
    """Requests and limits of CPU and memory. KServe fills in what is missing, below what stands there."""
    return [
        f"{pod.title}: {container['name']} has no {kind[:-1]} of {what}"
        for pod in pods(resources)
        for container in pod.containers
        for kind in ("requests", "limits")
        for what in ("cpu", "memory")
        if what not in container.get("resources", {}).get(kind, {})
    ]


def knative_probes_are_quick(resources: Iterable[Document]) -> list[str]:
    """No startup probe, no exec; and a readiness probe without period, timeout or threshold.

    A period turns off the look every 50 ms; a timeout or a threshold without a period is refused by Knative's webhook.
    """
    found = []
    for pod in pods(resources):
        for container in pod.containers if pod.is_knative else ():
            probes = {name: container.get(name, {}) for name in ("readinessProbe", "livenessProbe", "startupProbe")}
            if probes["startupProbe"] or any("exec" in probe for probe in probes.values()):
                found.append(f"{pod.title}: {container['name']} has a startup probe, or one that runs a command")
            slow = {"periodSeconds", "timeoutSeconds", "failureThreshold"} & probes["readinessProbe"].keys()
            if slow or "periodSeconds" in probes["livenessProbe"]:
                found.append(f"{pod.title}: the readiness probe of {container['name']} says {', '.join(sorted(slow))}")
    return found


def service_links_are_off(resources: Iterable[Document]) -> list[str]:
    """Off in every pod template: on, a Service called gateway sets GATEWAY_PORT, and the server refuses to start.

    A ClusterServingRuntime can't say it; Knative's default for its pods is off.
    """
    return [
        f"{pod.title}: enableServiceLinks is not false"
        for pod in pods(resources)
        if not pod.init_only
        and pod.owner["kind"] != "ClusterServingRuntime"
        and pod.spec.get("enableServiceLinks") is not False
    ]


def models_are_exact(resources: Iterable[Document]) -> list[str]:
    """A storage URI names one version by its number: an alias may mean another at each cold start."""
    return [
        f"{service['metadata']['name']}: {uri} is no exact version"
        for service in of_kind(resources, "InferenceService")
        for uri in _storage_uris(service["spec"]["predictor"])
        if not _EXACT_URI.fullmatch(uri)
    ]


def _storage_uris(predictor: Mapping[str, Any]) -> list[str]:
    """Of the model, or of the environment of kserve-container; the empty text where neither says any."""
    if "model" in predictor:
        return [predictor["model"].get("storageUri", "")]
    (container, *others) = predictor["containers"]
    stated = [each["value"] for each in container.get("env", ()) if each["name"] == "STORAGE_URI"]
    refused = ["STORAGE_URI" for other in others for each in other.get("env", ()) if each["name"] == "STORAGE_URI"]
    return [*(stated or [""]), *refused]


def predictor_is_first(resources: Iterable[Document]) -> list[str]:
    """KServe takes the first container for the predictor, and looks for the transformer by its name."""
    wanted = ["kserve-container", "transformer-container"]
    return [
        f"{pod.title}: the containers are {names}, not {wanted}"
        for pod in pods(resources)
        if pod.owner["kind"] in {"InferenceService", "ClusterServingRuntime"}
        and (names := [container["name"] for container in pod.containers]) != wanted
    ]


def stages_are_one_process(resources: Iterable[Document]) -> list[str]:
    """`--workers=1` stands in both stages, so that KServe adds no other number."""
    return [
        f"{pod.title}: {container['name']} does not say --workers=1"
        for pod in pods(resources)
        if pod.owner["kind"] in {"InferenceService", "ClusterServingRuntime"}
        for container in pod.containers
        if "--workers=1" not in container.get("args", ())
    ]


def namespaces_are_stated(resources: Iterable[Document]) -> list[str]:
    """What lives in a namespace names it: else it is applied to whichever one the caller's kubectl stands in."""
    return [
        f"{title(resource)}: names no namespace"
        for resource in resources
        if resource["kind"] not in _CLUSTER_WIDE and not resource["metadata"].get("namespace")
    ]


RULES = (
    namespaces_are_stated,
    images_are_exact,
    knative_pods_have_one_port,
    users_are_numbers,
    containers_are_locked,
    resources_are_stated,
    knative_probes_are_quick,
    service_links_are_off,
    models_are_exact,
    predictor_is_first,
    stages_are_one_process,
)
