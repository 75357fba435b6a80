"""Every manifest keeps our rules, and every rule catches the manifest that breaks it."""

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
from kube import rules
from kube.rendering import MANIFESTS, OVERLAYS, Document, documents, overlay, rendered

Rule = Callable[[Iterable[Document]], list[str]]
STANDALONE = documents((MANIFESTS / "inferenceservice.yaml").read_text("utf-8"))
EXAMPLE = documents((MANIFESTS / "serving-runtime" / "example.yaml").read_text("utf-8"))
SUBJECTS: dict[str, Callable[[], Iterable[Document]]] = {
    **{name: partial(overlay, name) for name in OVERLAYS},
    "eventing/broker": lambda: rendered("eventing/broker"),
    "inferenceservice.yaml": lambda: STANDALONE,
    "example.yaml": lambda: EXAMPLE,
}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_rule_is_kept(subject: str, rule: Rule) -> None:
    assert rule(SUBJECTS[subject]()) == []


def _predictor(service: Document) -> dict[str, Any]:
    container: dict[str, Any] = service["spec"]["predictor"]["containers"][0]
    return container


def _transformer(service: Document) -> dict[str, Any]:
    container: dict[str, Any] = service["spec"]["predictor"]["containers"][1]
    return container


BROKEN: dict[str, tuple[Rule, Callable[[Document], object]]] = {
    "no namespace": (rules.namespaces_are_stated, lambda s: s["metadata"].pop("namespace")),
    "an image without a tag": (rules.images_are_exact, lambda s: _predictor(s).update(image="summit/predictor")),
    "an image called latest": (rules.images_are_exact, lambda s: _predictor(s).update(image="summit/predictor:latest")),
    "an image by a branch": (rules.images_are_exact, lambda s: _predictor(s).update(image="summit/predictor:main")),
    "a second port": (
        rules.knative_pods_have_one_port,
        lambda s: _predictor(s).update(ports=[{"containerPort": 8082}]),
    ),
    "no port": (rules.knative_pods_have_one_port, lambda s: _transformer(s).pop("ports")),
    "a user by name": (
        rules.users_are_numbers,
        lambda s: _predictor(s).update(securityContext={"runAsUser": "summit", "runAsNonRoot": True}),
    ),
    "root": (
        rules.users_are_numbers,
        lambda s: _predictor(s).update(securityContext={"runAsUser": 0, "runAsNonRoot": True}),
    ),
    "a root that may be written": (
        rules.containers_are_locked,
        lambda s: _predictor(s).update(
            securityContext={**_predictor(s)["securityContext"], "readOnlyRootFilesystem": False}
        ),
    ),
    "a capability": (
        rules.containers_are_locked,
        lambda s: _predictor(s).update(
            securityContext={
                **_predictor(s)["securityContext"],
                "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]},
            }
        ),
    ),
    "no limit of CPU, so that KServe sets one below the request": (
        rules.resources_are_stated,
        lambda s: _predictor(s)["resources"]["limits"].pop("cpu"),
    ),
    "a period": (
        rules.knative_probes_are_quick,
        lambda s: _transformer(s)["readinessProbe"].update(periodSeconds=5),
    ),
    "a timeout without a period, which Knative refuses": (
        rules.knative_probes_are_quick,
        lambda s: _transformer(s)["readinessProbe"].update(timeoutSeconds=1),
    ),
    "a startup probe": (
        rules.knative_probes_are_quick,
        lambda s: _predictor(s).update(startupProbe={"httpGet": {"path": "/ready", "port": 8082}}),
    ),
    "service links": (rules.service_links_are_off, lambda s: s["spec"]["predictor"].pop("enableServiceLinks")),
    "an alias as the version": (
        rules.models_are_exact,
        lambda s: _predictor(s)["env"][0].update(value="mlflow://summit-extract/champion"),
    ),
    "a storage URI in the transformer, which KServe refuses": (
        rules.models_are_exact,
        lambda s: _transformer(s)["env"].append({"name": "STORAGE_URI", "value": "mlflow://summit-extract/2"}),
    ),
    "the transformer first": (rules.predictor_is_first, lambda s: s["spec"]["predictor"]["containers"].reverse()),
    "no word of workers": (rules.stages_are_one_process, lambda s: _predictor(s)["args"].remove("--workers=1")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_rule_catches_what_breaks_it(case: str) -> None:
    rule, break_it = BROKEN[case]
    (service,) = copy.deepcopy(list(STANDALONE))
    assert rule([service]) == []
    break_it(service)
    assert rule([service]) != []


def test_every_rule_has_a_manifest_that_breaks_it() -> None:
    assert {rule for rule, _ in BROKEN.values()} == set(rules.RULES)
