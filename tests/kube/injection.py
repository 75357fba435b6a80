"""What KServe's controller and Knative make of an InferenceService before its containers start.

Read in KServe 0.20: the containers of a runtime come into the pod with `{{.Name}}` replaced; each container gets
INFERENCE_SERVICE_NAME; the storage initializer's webhook puts the directory in the place of STORAGE_URI; a predictor
and a collocated transformer get no arguments. Knative adds four variables to the container that has the port.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kube.rendering import Document, one

_MODEL_DIRECTORY = "/mnt/models"


@dataclass(frozen=True)
class Started:
    """A container as the kubelet starts it."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def started(service: Document, resources: Sequence[Document] = ()) -> list[Started]:
    """The containers of the service's pod, the predictor first; its runtime is among the resources."""
    name = service["metadata"]["name"]
    predictor = service["spec"]["predictor"]
    if "model" in predictor:
        runtime = one(resources, "ClusterServingRuntime", predictor["model"]["runtime"])
        described = json.loads(json.dumps(runtime["spec"]["containers"]).replace("{{.Name}}", name))
    else:
        described = predictor["containers"]
    return [
        Started(each["name"], tuple(each.get("args", ())), _environment(each, name, predictor)) for each in described
    ]


def initializer_arguments(service: Document) -> tuple[str, str]:
    """What the storage initializer is given."""
    predictor = service["spec"]["predictor"]
    if "model" in predictor:
        return str(predictor["model"]["storageUri"]), _MODEL_DIRECTORY
    stated = {each["name"]: each["value"] for each in predictor["containers"][0]["env"]}
    return str(stated["STORAGE_URI"]), _MODEL_DIRECTORY


def _environment(container: Document, service: str, predictor: Document) -> dict[str, str]:
    stated = {each["name"]: each["value"] for each in container.get("env", ())}
    if "STORAGE_URI" in stated:
        stated["STORAGE_URI"] = _MODEL_DIRECTORY
    stated["INFERENCE_SERVICE_NAME"] = service
    for port in container.get("ports", ()):
        stated |= {
            "PORT": str(port["containerPort"]),
            "K_SERVICE": f"{service}-predictor",
            "K_CONFIGURATION": f"{service}-predictor",
            "K_REVISION": f"{service}-predictor-00001",
        }
    if predictor.get("enableServiceLinks") is not False:
        stated["PREDICTOR_PORT"] = "tcp://10.0.0.1:80"
    return stated
