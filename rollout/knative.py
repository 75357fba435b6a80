"""Canaries in KServe's Knative mode: what to patch, and what the InferenceService and its revisions say. Pure.

Traps that the patches avoid: a new spec always comes together with its `canaryTrafficPercent`, or it would get the
share of the one before; the field is dropped only when the champion's own revision is ready again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rollout.effects import Restore, Settle, SetTraffic, StartDark
from rollout.inference_service import Document, fault_of, is_true, predictor_for, predictor_of, specified_version
from rollout.world import Deployed, Readiness, Serving

TAG_ROUTING = "serving.kserve.io/enable-tag-routing"


def patch_for(effect: StartDark | SetTraffic | Restore | Settle, service: Mapping[str, Any]) -> Document | None:
    """The merge patch of the InferenceService; None where it is that way already, or is not the effect's any more."""
    present = specified_version(service)
    match effect:
        case StartDark() if present != effect.candidate.version:
            percent = 0 if effect.champion else None
            return _patch(predictor_for(service, effect.candidate), percent)
        case Restore() if present != effect.champion.version:
            return _patch(predictor_for(service, effect.champion), 0)
        case SetTraffic() if present == effect.candidate.version:
            is_there = predictor_of(service).get("canaryTrafficPercent") == effect.percent
            return None if is_there else _patch({}, effect.percent)
        case Settle() if present == effect.version.version:
            return _patch({}, None) if "canaryTrafficPercent" in predictor_of(service) else None
    return None


def _patch(predictor: Document, percent: int | None) -> Document:
    """A spec and its share in one patch; None takes the field away."""
    annotations = {TAG_ROUTING: "true"}
    return {
        "metadata": {"annotations": annotations},
        "spec": {"predictor": {**predictor, "canaryTrafficPercent": percent}},
    }


def serving(
    service: Mapping[str, Any],
    revisions: Sequence[Mapping[str, Any]],
    crashes: Mapping[str, int],
    routes: tuple[Mapping[str, int], Mapping[str, int]],
) -> Serving:
    """What is true about traffic. `crashes` are by revision; `routes` are the document's percents and shadows."""
    component = service.get("status", {}).get("components", {}).get("predictor", {})
    versions = {each["metadata"]["name"]: version for each in revisions if (version := revision_version(each))}
    latest, rolled_out = component.get("latestCreatedRevision"), component.get("latestRolledoutRevision")
    split: dict[str, int] = {}
    for target in component.get("traffic", []):
        version, percent = versions.get(target.get("revisionName", "")), int(target.get("percent") or 0)
        if version and percent:
            split[version] = split.get(version, 0) + percent
    named = {latest, rolled_out, *(target.get("revisionName") for target in component.get("traffic", []))}
    deployed = {
        versions[each["metadata"]["name"]]: _deployed(each, crashes)
        for each in sorted(revisions, key=lambda each: str(each["metadata"].get("creationTimestamp", "")))
        if each["metadata"]["name"] in named and each["metadata"]["name"] in versions
    }
    has_field = "canaryTrafficPercent" in predictor_of(service)
    is_settled = not has_field and latest == component.get("latestReadyRevision") == rolled_out
    routed, shadowed = routes
    return Serving(
        deployed, split, dict(routed), dict(shadowed), specified_version(service), versions.get(rolled_out or ""),
        is_settled and is_true(service) is True,
    )  # fmt: skip


def _deployed(revision: Mapping[str, Any], crashes: Mapping[str, int]) -> Deployed:
    name, ready = revision["metadata"]["name"], is_true(revision)
    readiness = {True: Readiness.READY, False: Readiness.FAILED, None: Readiness.STARTING}[ready]
    return Deployed(readiness, name, crashes=crashes.get(name, 0), fault="" if ready else fault_of(revision))


def revision_version(revision: Mapping[str, Any]) -> str | None:
    """The model version of a Knative revision: what its containers were told, or its storage initializer's URI."""
    return specified_version({"spec": {"predictor": _annotated(revision)}})


def _annotated(revision: Mapping[str, Any]) -> Document:
    """Everything of a revision that may name a version: its pod's spec, and the annotations that KServe puts there."""
    return {"spec": revision.get("spec", {}), "annotations": revision.get("metadata", {}).get("annotations", {})}


def hosts(service: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The URLs of the latest revision's own host (`latest-…`) and of the one before (`prev-…`), as far as they are."""
    component = service.get("status", {}).get("components", {}).get("predictor", {})
    tagged = {target.get("tag"): target.get("url") for target in component.get("traffic", []) if target.get("tag")}
    return tagged.get("latest"), tagged.get("prev")
