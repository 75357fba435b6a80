"""Which connections NetworkPolicies admit, as a cluster's network plug-in would decide it. Pure."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kube.rendering import Document, of_kind

NAMESPACE = "summit"


@dataclass(frozen=True)
class Actor:
    """A pod, or something like it, that speaks or listens."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str = NAMESPACE
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    ports: frozenset[int] = frozenset()
    """Where it listens, whether anybody may come or not."""
    address: str | None = None
    """Of what is no pod: a policy knows it by its address alone."""

    @property
    def is_ours(self) -> bool:
        return self.namespace == NAMESPACE and self.address is None


@dataclass(frozen=True, order=True)
class Path:
    """One connection that is possible."""

    source: str
    target: str
    port: int


def admitted(resources: Sequence[Document], actors: Iterable[Actor]) -> set[Path]:
    """Every connection to or from a pod of the namespace that no policy stands against."""
    everyone = list(actors)
    policies = list(of_kind(resources, "NetworkPolicy"))
    return {
        Path(source.name, target.name, port)
        for source in everyone
        for target in everyone
        for port in target.ports
        if source is not target
        and (source.is_ours or target.is_ours)
        and _allows(policies, "Egress", source, target, port)
        and _allows(policies, "Ingress", target, source, port)
    }


def _allows(policies: Iterable[Document], direction: str, subject: Actor, other: Actor, port: int) -> bool:
    """Whether the subject may speak with the other: no policy of this direction is about it, or one lets it."""
    about = [policy for policy in policies if _is_about(policy, direction, subject)]
    return not about or any(
        _fits(rule, direction, other, port) for policy in about for rule in policy["spec"].get(direction.lower(), ())
    )


def _is_about(policy: Document, direction: str, subject: Actor) -> bool:
    return (
        subject.address is None
        and policy["metadata"]["namespace"] == subject.namespace
        and direction in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], subject.labels)
    )


def _fits(rule: Mapping[str, Any], direction: str, other: Actor, port: int) -> bool:
    ports, peers = rule.get("ports"), rule.get("to" if direction == "Egress" else "from")
    has_port = ports is None or any(each["port"] == port for each in ports)
    return has_port and (peers is None or any(_is_peer(peer, other) for peer in peers))


def _is_peer(peer: Mapping[str, Any], other: Actor) -> bool:
    if "ipBlock" in peer:
        return other.address is not None and _is_in(other.address, peer["ipBlock"])
    if other.address is not None:
        return False
    if "namespaceSelector" in peer:
        names = {"kubernetes.io/metadata.name": other.namespace, **other.namespace_labels}
        if not _selects(peer["namespaceSelector"], names):
            return False
    elif other.namespace != NAMESPACE:
        return False
    return _selects(peer.get("podSelector", {}), other.labels)


def _is_in(address: str, block: Mapping[str, Any]) -> bool:
    def within(network: str) -> bool:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)

    return within(block["cidr"]) and not any(within(network) for network in block.get("except", ()))


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items()
    return wanted <= labels.items() and all(_matches(each, labels) for each in selector.get("matchExpressions", ()))


def _matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    match expression["operator"]:
        case "Exists":
            return expression["key"] in labels
        case "In":
            return labels.get(expression["key"]) in expression["values"]
        case operator:
            raise AssertionError(f"no manifest of ours has needed {operator} so far; teach it to this file")


def table(text: str) -> Iterator[Path]:
    """The paths of a Markdown table `| from | to | port | … |`."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) >= 3 and cells[2].replace(",", "").replace(" ", "").isdigit():
            for source in cells[0].split(", "):
                yield from (Path(source, cells[1], int(port)) for port in cells[2].split(","))
