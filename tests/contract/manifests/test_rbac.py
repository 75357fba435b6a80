"""The operator may do what its code does, and nothing more."""

import re

import pytest
from kube.rendering import ROOT, Document, of_kind, one, overlay

CLUSTER = (ROOT / "rollout" / "cluster.py").read_text("utf-8")
HANDLERS = (ROOT / "rollout" / "handlers.py").read_text("utf-8")
_TIMER = r"@kopf\.timer\(GROUP, VERSION, PLURAL"
NEEDED = {
    ("serving.kserve.io", "inferenceservices", "get"): r"get_namespaced_custom_object\(\s*\*_KSERVE",
    ("serving.kserve.io", "inferenceservices", "patch"): r"patch_namespaced_custom_object\(\s*\*_KSERVE",
    ("serving.knative.dev", "revisions", "list"): r"list_namespaced_custom_object\(\s*\*_KNATIVE",
    ("", "pods", "list"): r"list_namespaced_pod\(",
    ("rollout.summit.ai", "modelrollouts", "get"): r"get_namespaced_custom_object\(\s*GROUP",
    ("rollout.summit.ai", "modelrollouts", "list"): _TIMER,
    ("rollout.summit.ai", "modelrollouts", "watch"): _TIMER,
    ("rollout.summit.ai", "modelrollouts", "patch"): _TIMER,  # a finalizer: the timer is stopped before it is gone
    ("rollout.summit.ai", "modelrollouts/status", "update"): r"replace_namespaced_custom_object_status\(",
    ("coordination.k8s.io", "leases", "get"): r"read_namespaced_lease\(",
    ("coordination.k8s.io", "leases", "create"): r"create_namespaced_lease\(",
    ("coordination.k8s.io", "leases", "update"): r"replace_namespaced_lease\(",
    ("", "events", "create"): r"kopf\.info\(",
}
"""Each verb, and the call that needs it."""
OF_PEOPLE = {"create_namespaced_custom_object", "replace_namespaced_custom_object"}
"""Calls of the same file that `summit rollout` makes, with the rights of who types it."""


def _granted(role: Document) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_operator_may_do_what_it_does_and_nothing_more() -> None:
    assert _granted(one(overlay("gpu"), "Role", "rollout")) == NEEDED.keys()


@pytest.mark.parametrize("verb", NEEDED, ids=" ".join)
def test_a_call_of_the_code_needs_the_verb(verb: tuple[str, str, str]) -> None:
    assert re.search(NEEDED[verb], CLUSTER + HANDLERS)


def test_no_call_of_the_code_is_without_its_verb() -> None:
    calls = set(
        re.findall(r"\b((?:read|get|list|create|replace|patch|delete|watch)_namespaced_\w+)\(", CLUSTER + HANDLERS)
    )
    covered = {call for call in calls for pattern in NEEDED.values() if pattern.startswith(f"{call}\\(")}
    assert calls - covered == OF_PEOPLE


def test_nobody_else_of_ours_may_do_anything() -> None:
    for name in ("gpu", "standard"):
        assert [each["metadata"]["name"] for each in of_kind(overlay(name), "Role")] == ["rollout"]
        assert list(of_kind(overlay(name), "ClusterRole", "ClusterRoleBinding")) == []


def test_a_verb_too_many_is_seen() -> None:
    role = {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}
    assert not _granted(role) <= NEEDED.keys()
