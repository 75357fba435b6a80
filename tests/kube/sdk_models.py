"""What is wrong with a resource by the models of a generated SDK, as they are written in its files.

Two attributes of each class say all: `openapi_types` and `attribute_map`. They are read, and the SDK is not imported:
kserve reads the arguments of whoever imports it, and takes seconds. The models are made from the same Go types as the
CRDs, but know no enumeration, pattern or default: this is weaker than what an API server checks.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_LIST, _MAP = re.compile(r"[Ll]ist\[(.+)\]"), re.compile(r"[Dd]ict[(\[]str, (.+)[)\]]")
_PLAIN: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "float": (int, float)}
_FREE = {"object", "IntstrIntOrString", "ResourceQuantity", "datetime"}
"""Values without a structure of their own: quantities, ports by name or number, instants."""


@dataclass(frozen=True)
class Model:
    """The members of one class, by their names on the wire, with their types."""

    types: dict[str, str]


def faults(value: Any, type_name: str, path: str) -> Iterator[str]:
    """Members that the type does not have, and values of another type."""
    if found := _LIST.fullmatch(type_name):
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for at, item in enumerate(value):
            yield from faults(item, found[1], f"{path}[{at}]")
    elif found := _MAP.fullmatch(type_name):
        for key, item in value.items():
            yield from faults(item, found[1], f"{path}.{key}")
    elif type_name in _PLAIN:
        if not isinstance(value, _PLAIN[type_name]):
            yield f"{path} is no {type_name}"
    elif type_name not in _FREE:
        yield from _faults_of_object(value, model(type_name), path)


def _faults_of_object(value: Any, known: Model, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is no object"
        return
    for key, item in value.items():
        if key in known.types:
            yield from faults(item, known.types[key], f"{path}.{key}")
        else:
            yield f"{path}.{key} is unknown"


@cache
def model(name: str) -> Model:
    """The class of this name, of kserve's SDK or of Kubernetes' own."""
    file = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower() + ".py"
    (path,) = (found for folder in _folders() if (found := folder / file).exists())
    tree = ast.parse(path.read_text("utf-8"))
    said = {name: value for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for name, value in _literals(node)}
    return Model({said["attribute_map"][name]: kind for name, kind in said["openapi_types"].items()})


def _literals(node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    for statement in node.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(target, ast.Name) and target.id in {"openapi_types", "attribute_map"}:
            yield target.id, ast.literal_eval(statement.value)  # type: ignore[attr-defined] # both kinds have one


@cache
def _folders() -> list[Path]:
    found = [find_spec(name) for name in ("kserve", "kubernetes")]
    kserve, kubernetes = (Path(str(spec.origin)).parent for spec in found if spec)
    return [kserve / "models", kubernetes / "client" / "models"]
