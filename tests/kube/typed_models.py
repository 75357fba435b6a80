"""What is wrong with a resource by models of pydantic, which by themselves pass over what they do not know.

Only names, presence and JSON types are compared: cloudcoil's models have constraints that pydantic refuses to apply.
"""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

_JSON: dict[Any, Any] = {str: str, int: int, bool: bool, float: (int, float)}


def faults(value: Any, annotation: Any, path: str) -> Iterator[str]:
    """Fields that are unknown, missing, or of another type."""
    options = list(_options(annotation))
    if any(not _is_checked(option) for option in options):
        return
    fitting = [list(_faults(value, option, path)) for option in options]
    yield from min(fitting, key=len, default=[])


def _options(annotation: Any) -> Iterator[Any]:
    """The types that a value may have, None aside."""
    if get_origin(annotation) in {Union, UnionType}:
        for option in get_args(annotation):
            yield from _options(option)
    elif isinstance(annotation, type) and issubclass(annotation, RootModel):
        yield from _options(annotation.model_fields["root"].annotation)
    elif annotation is not NoneType:
        yield annotation


def _is_checked(option: Any) -> bool:
    is_model = isinstance(option, type) and issubclass(option, BaseModel)
    return option in _JSON or get_origin(option) in {list, dict} or (is_model and bool(option.model_fields))


def _faults(value: Any, option: Any, path: str) -> Iterator[str]:
    if option in _JSON:
        if not isinstance(value, _JSON[option]) or (isinstance(value, bool) and option is not bool):
            yield f"{path} is no {option.__name__}"
    elif get_origin(option) is list:
        yield from _faults_of_list(value, get_args(option)[0], path)
    elif get_origin(option) is dict:
        if not isinstance(value, dict):
            yield f"{path} is no object"
    else:
        yield from _faults_of_object(value, option, path)


def _faults_of_list(value: Any, kind: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is no list"
        return
    for at, item in enumerate(value):
        yield from faults(item, kind, f"{path}[{at}]")


def _faults_of_object(value: Any, model: type[BaseModel], path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is no object"
        return
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    yield from (
        f"{path}.{name} is missing" for name, field in fields.items() if field.is_required() and name not in value
    )
    for name, item in value.items():
        if name in fields:
            yield from faults(item, fields[name].annotation, f"{path}.{name}")
        else:
            yield f"{path}.{name} is unknown"
