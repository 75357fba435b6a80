"""What resources name, and whether it is there: Secrets with their keys, Services with their ports, labelled pods."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kube.pods import Pod, pods
from kube.rendering import Document, of_kind, title

_HOST = re.compile(r"://(?:[^/@\s]*@)?([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local(?::(\d+))?")
Keys = Mapping[str, frozenset[str]]
"""The keys of each Secret that an operator brings, by its name."""


def dangling(resources: Sequence[Document], brought: Keys) -> list[str]:
    """References that lead nowhere, as sentences. `brought` are the Secrets that the operator makes."""
    return [
        *_of_pods(resources, brought),
        *_of_addresses(resources),
        *_of_selectors(resources),
        *_of_roles(resources),
        *_of_models(resources),
        *_of_events(resources),
    ]


def _names(resources: Iterable[Document], *kinds: str) -> set[str]:
    return {resource["metadata"]["name"] for resource in of_kind(resources, *kinds)}


# of pods


def _of_pods(resources: Sequence[Document], brought: Keys) -> Iterator[str]:
    keys = {
        "secretKeyRef": {**_keys(resources, "Secret"), **brought},
        "configMapKeyRef": _keys(resources, "ConfigMap"),
    }
    accounts, classes = _names(resources, "ServiceAccount"), _names(resources, "PriorityClass")
    for pod in pods(resources):
        account = pod.spec.get("serviceAccountName")
        if account and account not in accounts:
            yield f"{pod.title}: no ServiceAccount {account}"
        if (priority := pod.spec.get("priorityClassName")) and priority not in classes:
            yield f"{pod.title}: no PriorityClass {priority}"
        yield from _of_variables(pod, keys)
        yield from _of_volumes(pod, keys)
        yield from _of_probes(pod)


def _keys(resources: Sequence[Document], kind: str) -> dict[str, frozenset[str]]:
    return {
        each["metadata"]["name"]: frozenset({*each.get("data", {}), *each.get("stringData", {})})
        for each in of_kind(resources, kind)
    }


def _of_variables(pod: Pod, keys: Mapping[str, Keys]) -> Iterator[str]:
    for container in pod.containers:
        for variable in container.get("env", ()):
            for kind, reference in variable.get("valueFrom", {}).items():
                known = keys[kind].get(reference["name"])
                if known is None:
                    yield f"{pod.title}: {variable['name']} is of {reference['name']}, which is not there"
                elif reference["key"] not in known and not reference.get("optional"):
                    yield f"{pod.title}: {reference['name']} has no {reference['key']}"


def _of_volumes(pod: Pod, keys: Mapping[str, Keys]) -> Iterator[str]:
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", ())}
    mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", ())}
    yield from (f"{pod.title}: no volume {name}" for name in mounted - volumes.keys())
    yield from (f"{pod.title}: nobody mounts {name}" for name in volumes.keys() - mounted)
    for volume in volumes.values():
        for kind, name in (("secretKeyRef", "secretName"), ("configMapKeyRef", "name")):
            source = volume.get("secret" if kind == "secretKeyRef" else "configMap")
            if source and source[name] not in keys[kind]:
                yield f"{pod.title}: the volume {volume['name']} is of {source[name]}, which is not there"


def _of_probes(pod: Pod) -> Iterator[str]:
    """A port by name is one of the container's own."""
    for container in pod.containers:
        named = {port.get("name") for port in container.get("ports", ())}
        for probe in ("readinessProbe", "livenessProbe"):
            for action in ("httpGet", "tcpSocket"):
                port = container.get(probe, {}).get(action, {}).get("port")
                if isinstance(port, str) and port not in named:
                    yield f"{pod.title}: the {probe} of {container['name']} asks a port {port} that is not there"


# of addresses and selectors


def _of_addresses(resources: Sequence[Document]) -> Iterator[str]:
    """A host of this cluster is a Service of these resources, or the one that KServe makes of an InferenceService."""
    known = {
        (each["metadata"]["name"], each["metadata"].get("namespace")): each for each in of_kind(resources, "Service")
    }
    of_kserve = {(f"{name}-predictor", "summit") for name in _names(resources, "InferenceService")}
    for resource in resources:
        for name, namespace, port in _HOST.findall(str(resource)):
            service = known.get((name, namespace))
            if service is None and (name, namespace) not in of_kserve:
                if namespace == "summit":
                    yield f"{title(resource)}: no Service {name}"
            elif service and port and int(port) not in {each["port"] for each in service["spec"].get("ports", ())}:
                yield f"{title(resource)}: the Service {name} has no port {port}"


def _of_selectors(resources: Sequence[Document]) -> Iterator[str]:
    """A Service or a budget selects pods of these resources, and a Service's port is one of theirs."""
    known = list(pods(resources))
    for service in of_kind(resources, "Service"):
        selector = service["spec"].get("selector")
        if selector is None:
            continue
        selected = [pod for pod in known if selector.items() <= pod.labels.items()]
        if not selected:
            yield f"{title(service)}: selects nothing"
        for port in service["spec"]["ports"]:
            for pod in selected:
                offered = {value for each in pod.containers for p in each.get("ports", ()) for value in p.values()}
                if port["targetPort"] not in offered:
                    yield f"{title(service)}: no port {port['targetPort']} in {pod.title}"
    for budget in of_kind(resources, "PodDisruptionBudget"):
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        if not any(wanted <= pod.labels.items() for pod in known):
            yield f"{title(budget)}: selects nothing"


def _of_roles(resources: Sequence[Document]) -> Iterator[str]:
    for binding in of_kind(resources, "RoleBinding", "ClusterRoleBinding"):
        role = binding["roleRef"]
        if role["name"] not in _names(resources, role["kind"]):
            yield f"{title(binding)}: no {role['kind']} {role['name']}"
        for subject in binding["subjects"]:
            if subject["name"] not in _names(resources, subject["kind"]):
                yield f"{title(binding)}: no {subject['kind']} {subject['name']}"


# of models and events


def _of_models(resources: Sequence[Document]) -> Iterator[str]:
    runtimes = {each["metadata"]["name"]: each["spec"] for each in of_kind(resources, "ClusterServingRuntime")}
    schemes = {
        each["prefix"]
        for container in of_kind(resources, "ClusterStorageContainer")
        for each in container["spec"]["supportedUriFormats"]
    }
    for service in of_kind(resources, "InferenceService"):
        predictor = service["spec"]["predictor"]
        model = predictor.get("model", {})
        runtime = runtimes.get(model.get("runtime", ""))
        formats = {each["name"] for each in runtime["supportedModelFormats"]} if runtime else set()
        if model and model["modelFormat"]["name"] not in formats:
            yield f"{title(service)}: no runtime {model.get('runtime')} for {model['modelFormat']['name']}"
        if not any(model.get("storageUri", "").startswith(scheme) for scheme in schemes):
            yield f"{title(service)}: nobody downloads {model.get('storageUri')}"
        if predictor["serviceAccountName"] not in _names(resources, "ServiceAccount"):
            yield f"{title(service)}: no ServiceAccount {predictor['serviceAccountName']}"


def _of_events(resources: Sequence[Document]) -> Iterator[str]:
    """What events go to, and what they go through."""
    for resource in of_kind(resources, "Broker", "Trigger", "SinkBinding", "RabbitmqSource"):
        spec = resource["spec"]
        named = [
            *([("Broker", spec["broker"])] if "broker" in spec else []),
            *((each["kind"], each["name"]) for each in _objects(spec) if {"kind", "name"} <= each.keys()),
        ]
        for kind, name in named:
            if name not in _names(resources, kind):
                yield f"{title(resource)}: no {kind} {name}"


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _objects(each)
