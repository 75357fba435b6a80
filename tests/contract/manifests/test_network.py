"""The network admits every path of the architecture and no other: docs/guides/network.md is the list."""

import copy

import pytest
from kube.network import Actor, Path, admitted, table
from kube.rendering import ROOT, one, overlay, rendered

PAGE = (ROOT / "docs" / "guides" / "network.md").read_text("utf-8")


def _pod(name: str, *ports: int) -> Actor:
    return Actor(name, {"app.kubernetes.io/name": name}, ports=frozenset(ports))


OURS = (
    _pod("gateway", 8000, 8001, 9102),
    _pod("fallback", 8010),
    Actor(
        "model",
        {"serving.kserve.io/inferenceservice": "summit-extract"},
        ports=frozenset({8012, 8013, 8022, 8080, 8081, 8082, 8083, 9090, 9091}),
    ),
    _pod("mlflow", 5000),
    _pod("eventing", 8012, 8013, 8020, 8022, 9090, 9091),
    _pod("rollout", 9103, 9104),
    _pod("rabbitmq-queues"),
    Actor("rabbitmq-source", {"eventing.knative.dev/source": "rabbitmq-source-controller"}, ports=frozenset({8080})),
    Actor("stranger", {"app.kubernetes.io/name": "another"}, ports=frozenset({80, 8080})),
)
BACKING = (
    _pod("postgresql", 5432),
    _pod("redis", 6379),
    _pod("rabbitmq", 5672, 15672),
    _pod("s3", 8333, 8888, 9333),
    _pod("s3-buckets"),
)
BROKER = Actor("broker", {"eventing.knative.dev/broker": "summit"}, ports=frozenset({8080}))
AROUND = (
    Actor("names", {"k8s-app": "kube-dns"}, "kube-system", ports=frozenset({53})),
    Actor("ingress", {"app": "3scale-kourier-gateway"}, "kourier-system", ports=frozenset({8080, 8081})),
    Actor("activator", {"app": "activator"}, "knative-serving", ports=frozenset({8012})),
    Actor("autoscaler", {"app": "autoscaler"}, "knative-serving", ports=frozenset({8080})),
    Actor("monitoring", {}, "monitoring", ports=frozenset({4318, 9090})),
    Actor("callers", {}, "apps", {"summit.ai/calls-gateway": "true"}, ports=frozenset({80})),
    Actor("other namespaces", {}, "elsewhere", ports=frozenset({80})),
    Actor("kubernetes", address="10.0.0.1", ports=frozenset({443, 6443})),
    Actor("metadata service", address="169.254.169.254", ports=frozenset({80, 443})),
)
OUTSIDE = Actor("outside", address="203.0.113.7", ports=frozenset({80, 443, 5432, 5671, 5672, 6379, 15671, 15672}))


def _section(title: str) -> set[Path]:
    (text,) = (part for part in PAGE.split("\n## ")[1:] if part.startswith(title + "\n"))
    return set(table(text))


def _with_names(paths: set[Path], actors: tuple[Actor, ...]) -> set[Path]:
    """Everybody in the namespace may ask for names; the page says it once."""
    return paths | {Path(actor.name, "names", 53) for actor in actors if actor.is_ours}


ALWAYS = _section("Always")
CASES = {
    "kind": (overlay("kind"), (*OURS, *BACKING, *AROUND), ALWAYS | _section("With Knative") | _section("On a laptop")),
    "gpu": (overlay("gpu"), (*OURS, *AROUND, OUTSIDE), ALWAYS | _section("With Knative") | _section("To the outside")),
    "standard": (
        overlay("standard"),
        (*OURS, *AROUND, OUTSIDE),
        ALWAYS | _section("Without Knative") | _section("To the outside"),
    ),
    "broker": (
        (*overlay("kind"), *rendered("eventing/broker")),
        (*OURS, *BACKING, *AROUND, BROKER),
        ALWAYS | _section("With Knative") | _section("On a laptop") | _section("With a broker"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_network_admits_what_the_page_lists_and_nothing_else(name: str) -> None:
    resources, actors, wanted = CASES[name]
    known = {actor.name for actor in actors}
    expected = _with_names({path for path in wanted if {path.source, path.target} <= known}, actors)
    found = admitted(resources, actors)
    assert sorted(found - expected) == []
    assert sorted(expected - found) == []


def test_without_the_closed_policy_strangers_come_in() -> None:
    resources = [each for each in overlay("kind") if each["metadata"]["name"] != "closed"]
    assert Path("other namespaces", "stranger", 80) in admitted(resources, (*OURS, *AROUND))


def test_a_policy_that_forgets_a_port_is_seen() -> None:
    resources = list(copy.deepcopy(overlay("kind")))
    one(resources, "NetworkPolicy", "mlflow")["spec"]["ingress"][0]["ports"][0]["port"] = 5001
    assert Path("model", "mlflow", 5000) not in admitted(resources, OURS)


def test_a_policy_that_admits_a_namespace_too_many_is_seen() -> None:
    resources = list(copy.deepcopy(overlay("kind")))
    one(resources, "NetworkPolicy", "gateway")["spec"]["ingress"][0]["from"][0]["namespaceSelector"] = {}
    assert Path("other namespaces", "gateway", 8000) in admitted(resources, (*OURS, *AROUND))
