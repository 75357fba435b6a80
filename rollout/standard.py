"""Canaries in KServe's Standard mode, `spec.canary[]`: what to patch, and what the InferenceService says. Pure.

Each version is a Deployment and a Service named after `predictor.name`. A candidate is an entry of the list. To promote
it, the predictor gets its name and spec and the entry goes, in one patch, which restarts no pod; to roll it back, the
entry goes, and the champion's spec is never touched.

Traps that the patches avoid: an entry at 0 percent without `minReplicas` has no pod; one with a field of the autoscaler
is refused; its ready replicas are taken off the champion's, so they grow only with its share.
Source: kserve 0.21, `components/predictor.go`.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rollout.effects import Restore, Settle, SetTraffic, StartDark
from rollout.inference_service import (
    Document,
    fault_of,
    is_true,
    predictor_for,
    predictor_of,
    specified_version,
    version_in,
)
from rollout.state import ExactVersion
from rollout.world import Deployed, Readiness, Serving

_WHOLE = 100
_AUTOSCALED = ("maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling")
"""Fields of a predictor that a canary must not have: its replicas are fixed."""
_REPLICAS = ("minReplicas", *_AUTOSCALED)


def patch_for(effect: StartDark | SetTraffic | Restore | Settle, service: Mapping[str, Any]) -> Document | None:
    """The merge patch of the InferenceService; None where it is that way already, or is not the effect's any more."""
    spec = _spec_for(effect, service)
    return {"metadata": {}, "spec": spec} if spec else None


def _spec_for(effect: StartDark | SetTraffic | Restore | Settle, service: Mapping[str, Any]) -> Document:
    """What of the spec is to be changed; nothing where it is that way."""
    champion, candidate = specified_version(service), canary_version(service)
    spec: Document = {}
    match effect:
        case StartDark() if effect.champion is None and champion != effect.candidate.version:
            spec = {"predictor": predictor_for(service, effect.candidate)}
        case StartDark() if effect.candidate.version not in {champion, candidate}:
            spec = {"canary": [_entry(service, _candidate(service, effect.candidate), 0)]}
        case SetTraffic() if candidate == effect.candidate.version and _percent(service) != effect.percent:
            spec = {"canary": [_entry(service, _canary(service)["predictor"], effect.percent)]}
        case Settle() if candidate == effect.version.version:
            spec = {"predictor": _promoted(service), "canary": None}
        case Restore() | Settle() if candidate is not None:
            spec = {"canary": None}
    return spec


def canary_version(service: Mapping[str, Any]) -> str | None:
    """The model version that the canary's entry names; None where there is none."""
    return version_in(_canary(service))


def _canary(service: Mapping[str, Any]) -> Document:
    entries: list[Document] = service.get("spec", {}).get("canary") or [{}]
    return entries[0]


def _percent(service: Mapping[str, Any]) -> int:
    return int(_canary(service).get("trafficPercent", 0))


def _candidate(service: Mapping[str, Any], version: ExactVersion) -> Document:
    """The champion's predictor as this version's, by its own name and without an autoscaler."""
    predictor = predictor_for(service, version)
    kept = {field: value for field, value in predictor.items() if field not in _AUTOSCALED}
    return {**kept, "name": f"v{version.version}"}


def _entry(service: Mapping[str, Any], predictor: Document, percent: int) -> Document:
    """The canary with this percent, and with its share of the champion's replicas."""
    whole = int(predictor_of(service).get("minReplicas") or 1)
    replicas = max(1, -(-whole * percent // _WHOLE))
    return {"trafficPercent": percent, "predictor": {**predictor, "minReplicas": replicas}}


def _promoted(service: Mapping[str, Any]) -> Document:
    """The canary's predictor in place of the champion's, with the champion's replicas."""
    champion, candidate = predictor_of(service), _canary(service)["predictor"]
    replicas = {field: champion[field] for field in _REPLICAS if field in champion}
    return {**candidate, **({} if "minReplicas" in champion else {"minReplicas": None}), **replicas}


def serving(
    service: Mapping[str, Any], crashes: Mapping[str, int], routes: tuple[Mapping[str, int], Mapping[str, int]]
) -> Serving:
    """What is true about traffic. `crashes` are by Deployment; `routes` are the document's percents and shadows.

    A canary that is not ready gets nothing of its percent: KServe leaves it out of the split.
    """
    champion, candidate = specified_version(service), canary_version(service)
    deployed: dict[str, Deployed] = {}
    if champion is not None:
        deployed[champion] = _champion(service, crashes)
    split = {champion: _WHOLE} if champion is not None else {}
    if candidate is not None:
        deployed[candidate] = _of_canary(service, crashes)
        share = _percent(service) if deployed[candidate].readiness is Readiness.READY else 0
        split = {
            version: part for version, part in ((champion, _WHOLE - share), (candidate, share)) if version and part
        }
    routed, shadowed = routes
    is_settled = candidate is None and is_true(service) is True
    return Serving(deployed, split, dict(routed), dict(shadowed), candidate or champion, champion, is_settled)


def _champion(service: Mapping[str, Any], crashes: Mapping[str, int]) -> Deployed:
    ready, predictor = is_true(service, "PredictorReady"), predictor_of(service)
    readiness = Readiness.READY if ready else Readiness.STARTING
    crashed = crashes.get(deployment(service, predictor), 0)
    return Deployed(
        readiness, _instance(predictor), crashes=crashed, fault="" if ready else fault_of(service, "PredictorReady")
    )


def _of_canary(service: Mapping[str, Any], crashes: Mapping[str, int]) -> Deployed:
    predictor = _canary(service)["predictor"]
    statuses = service.get("status", {}).get("canaryStatuses", [])
    is_ready = any(each.get("name") == predictor["name"] and each.get("ready") for each in statuses)
    crashed = crashes.get(deployment(service, predictor), 0)
    return Deployed(Readiness.READY if is_ready else Readiness.STARTING, _instance(predictor), crashes=crashed)


def _instance(predictor: Mapping[str, Any]) -> str:
    """Names what the predictor's pods are made of: another template is another instance, other replicas are not."""
    template = {field: value for field, value in predictor.items() if field not in _REPLICAS}
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


def deployment(service: Mapping[str, Any], predictor: Mapping[str, Any]) -> str:
    """The name of the predictor's Deployment, and of its Service."""
    name = service["metadata"]["name"]
    return f"{name}-{predictor['name']}-predictor" if predictor.get("name") else f"{name}-predictor"


def urls(service: Mapping[str, Any], namespace: str) -> dict[str, str]:
    """The host of each version's own Service."""
    predictors = [predictor_of(service), _canary(service).get("predictor", {})]
    return {
        version: f"http://{deployment(service, predictor)}.{namespace}.svc.cluster.local"
        for predictor in predictors
        if (version := version_in(predictor)) is not None
    }
