"""KServe's InferenceService as a rollout reads and patches it. Pure: documents in, documents out.

The champion's own predictor is the template of every other version: only what names the version is changed, so that a
rollback gives the same template again. A version is named by its storage URI, and by MODEL_VERSION where that is set.
"""

import copy
import re
from collections.abc import Mapping
from typing import Any

from rollout.state import ExactVersion

Document = dict[str, Any]

MODEL_VERSION = "MODEL_VERSION"
_URI = re.compile(r"^(mlflow://[A-Za-z0-9_.-]+)/(\d+)(@sha256:[0-9a-f]{64})?$")


def predictor_of(service: Mapping[str, Any]) -> Document:
    """The predictor's spec; an empty one where there is none."""
    predictor: Document = service.get("spec", {}).get("predictor", {})
    return predictor


def specified_version(service: Mapping[str, Any]) -> str | None:
    """The model version that the spec names; None where it names none."""
    return version_in(predictor_of(service))


def version_in(part: Mapping[str, Any]) -> str | None:
    """The model version that this part of a resource names; None where it names none."""
    for uri in _uris(part):
        if match := _URI.match(uri):
            return match[2]
    return None


def predictor_for(service: Mapping[str, Any], version: ExactVersion) -> Document:
    """The predictor's spec with this version in place of the present one, pinned to its content; no canary fields."""
    predictor = copy.deepcopy(predictor_of(service))
    for field in ("canaryTrafficPercent", "canary"):
        predictor.pop(field, None)
    _rename(predictor, version)
    return predictor


def _rename(node: Any, version: ExactVersion) -> None:
    """Name the version wherever the spec names one."""
    if isinstance(node, list):
        for each in node:
            _rename(each, version)
    elif isinstance(node, dict):
        if node.get("name") == MODEL_VERSION and "value" in node:
            node["value"] = version.version
        for key, value in node.items():
            if isinstance(value, str) and (match := _URI.match(value)):
                node[key] = f"{match[1]}/{version.version}" + (f"@sha256:{version.digest}" if version.digest else "")
            else:
                _rename(value, version)


def _uris(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node] if _URI.match(node) else []
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [uri for child in children for uri in _uris(child)]


def is_true(resource: Mapping[str, Any], kind: str = "Ready") -> bool | None:
    """Whether a condition of the resource is true; None where it is unknown."""
    conditions = resource.get("status", {}).get("conditions", [])
    status = next((each.get("status") for each in conditions if each.get("type") == kind), None)
    return {"True": True, "False": False}.get(str(status))


MODE = "serving.kserve.io/deploymentMode"


def is_standard(service: Mapping[str, Any]) -> bool:
    """Whether KServe serves it without Knative: by its annotation, or by the cluster's default."""
    named = service.get("metadata", {}).get("annotations", {}).get(MODE)
    return (named or service.get("status", {}).get("deploymentMode")) in {"Standard", "RawDeployment"}


def fault_of(resource: Mapping[str, Any], kind: str = "Ready") -> str:
    """What a false condition says, as one line."""
    conditions = resource.get("status", {}).get("conditions", [])
    found: Mapping[str, Any] = next((each for each in conditions if each.get("type") == kind), {})
    return " ".join(f"{found.get('reason', '')} {found.get('message', '')}".split())
