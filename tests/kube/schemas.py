"""What is wrong with a resource by the schemas of its own project, unknown fields included.

| kinds | checked against |
|---|---|
| Kubernetes' own | its OpenAPI, by kubernetes-validate, strictly |
| Knative's, Prometheus Operator's | models made from their CRDs, by cloudcoil: see `typed_models` |
| KServe's | the models of its SDK: see `sdk_models` |
| RabbitMQ's of Knative | the fields listed here: nothing of them is on a package index |
| ours | the operator's own model |
"""

import json
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

import kubernetes_validate
from kube import sdk_models, typed_models
from kube.rendering import Document, title
from pydantic import BaseModel, ConfigDict

from rollout.state import Spec

KUBERNETES_VERSION = "1.33"
_KSERVE = {
    "InferenceService": "V1beta1InferenceService",
    "ClusterServingRuntime": "V1alpha1ClusterServingRuntime",
    "ClusterStorageContainer": "V1alpha1ClusterStorageContainer",
}
_CLOUDCOIL = {
    "serving.knative.dev": "cloudcoil.models.knative_serving.serving",
    "eventing.knative.dev": "cloudcoil.models.knative_eventing.eventing",
    "sources.knative.dev": "cloudcoil.models.knative_eventing.sources",
    "monitoring.coreos.com": "cloudcoil.models.prometheus_operator",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Secret(_Strict):
    name: str


class _Cluster(_Strict):
    connectionSecret: _Secret  # noqa: N815 - the wire's names, here and below


class _Ref(_Strict):
    apiVersion: str  # noqa: N815
    kind: str
    name: str


class _Sink(_Strict):
    ref: _Ref
    uri: str | None = None


class _Queue(_Strict):
    predeclared: bool
    exchangeName: str | None = None  # noqa: N815
    queueName: str  # noqa: N815
    parallelism: int
    vhost: str | None = None


class _Delivery(_Strict):
    retry: int
    backoffPolicy: str  # noqa: N815
    backoffDelay: str  # noqa: N815


class _Source(_Strict):
    rabbitmqClusterReference: _Cluster  # noqa: N815
    rabbitmqResourcesConfig: _Queue  # noqa: N815
    delivery: _Delivery
    sink: _Sink


class _BrokerConfig(_Strict):
    queueType: str  # noqa: N815
    rabbitmqClusterReference: _Cluster  # noqa: N815


_LISTED: dict[str, type[BaseModel]] = {
    "ModelRollout": Spec,
    "RabbitmqBrokerConfig": _BrokerConfig,
    "RabbitmqSource": _Source,
}


def faults(resources: Iterable[Document]) -> list[str]:
    """What is wrong, as sentences. A kind that nobody here knows is wrong too."""
    return [fault for resource in resources for fault in _faults_of(json.dumps(resource))]


@cache  # overlays share most of what they are made of
def _faults_of(resource: str) -> tuple[str, ...]:
    read = json.loads(resource)
    return tuple(f"{title(read)}: {fault}" for fault in _faults(read))


def _faults(resource: Document) -> Iterator[str]:
    group, _, version = str(resource["apiVersion"]).rpartition("/")
    kind = resource["kind"]
    if kind in _KSERVE:
        yield from sdk_models.faults(resource, _KSERVE[kind], kind)
    elif kind in _LISTED:
        yield from typed_models.faults(resource["spec"], _LISTED[kind], "spec")
    elif group in _CLOUDCOIL:
        model = getattr(_cloudcoil(f"{_CLOUDCOIL[group]}.{version}"), kind)
        stated = {name: value for name, value in resource.items() if name not in {"apiVersion", "kind", "metadata"}}
        yield from typed_models.faults(stated, model, kind)
    else:
        yield from _faults_by_kubernetes(resource)


@cache
def _cloudcoil(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its fields' names
        return import_module(name)


def _faults_by_kubernetes(resource: Document) -> Iterator[str]:
    try:
        kubernetes_validate.validate(resource, KUBERNETES_VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(map(str, error.path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError:
        yield "nobody here knows this kind"
