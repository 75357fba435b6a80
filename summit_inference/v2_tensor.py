"""The parts of a V2 JSON document as values: tensors, names, parameters. Members that are not known are ignored."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.tensors import Datatype, Parameter, Tensor
from summit_inference.v2_binary import array_from_raw
from summit_inference.v2_json import array_from_json, kind_of
from summit_inference.v2_limits import Limits

_RAW_SIZE = "binary_data_size"


class RawBytes:
    """What follows the JSON of a body, taken from its front by one tensor after the other."""

    def __init__(self, view: memoryview) -> None:
        self._rest = view

    def take(self, size: Parameter) -> memoryview:
        """The next `size` bytes.

        Raises:
            InvalidRequest: `size` is no count, or more than is left.
        """
        if type(size) is not int or size < 0:
            raise InvalidRequest(f"{_RAW_SIZE} must be a whole number of bytes, at least 0.")
        if size > len(self._rest):
            raise InvalidRequest(
                f"{_RAW_SIZE} says {size}, but {len(self._rest)} bytes are left behind the JSON; "
                "send Inference-Header-Content-Length with the length of the JSON part, and all of the raw bytes."
            )
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def check_used(self) -> None:
        """Do nothing if every byte was taken.

        Raises:
            InvalidRequest: some belong to no tensor.
        """
        if len(self._rest):
            raise InvalidRequest(f"The body ends with {len(self._rest)} bytes that no {_RAW_SIZE} accounts for.")


def tensor_of(value: object, raw: RawBytes, limits: Limits) -> Tensor:
    """The tensor that this JSON object says, with its data from JSON or from `raw`.

    Raises:
        InvalidRequest: it breaks the protocol.
        TooLarge: it is over a limit.
    """
    members = _object(value)
    parameters = parameters_of(members, limits)
    size = parameters.pop(_RAW_SIZE, None)
    # Taken before anything else is checked, so that a fault here does not shift the bytes of the tensors that follow.
    view = None if size is None else raw.take(size)
    data = members.get("data")
    name = text_of(members, "name")
    datatype = datatype_of(members.get("datatype"))
    shape = shape_of(members.get("shape"), limits)
    if (data is None) == (view is None):
        raise InvalidRequest(f"must have either data or the parameter {_RAW_SIZE}, and not both.")
    array = array_from_json(data, datatype, shape) if view is None else array_from_raw(view, datatype, shape)
    return Tensor(name, datatype, array, parameters)


def datatype_of(value: object) -> Datatype:
    """The datatype of this name, whose case counts."""
    if isinstance(value, str) and value in Datatype.__members__:
        return Datatype(value)
    raise InvalidRequest(f"datatype must be one of {', '.join(Datatype)}, in capital letters.")


def shape_of(value: object, limits: Limits) -> tuple[int, ...]:
    """The shape in this list; nothing is allocated for it."""
    if not isinstance(value, list) or any(type(size) is not int or size < 0 for size in value):
        raise InvalidRequest("shape must be a list of whole numbers of at least 0.")
    if len(value) > limits.max_dimensions:
        raise TooLarge(f"shape has {len(value)} dimensions; at most {limits.max_dimensions} are taken.")
    if math.prod(max(size, 1) for size in value) > limits.max_tensor_elements:
        raise TooLarge(f"shape says more than {limits.max_tensor_elements} elements; send several requests.")
    return tuple(value)


def text_of(value: object, member: str) -> str:
    """The string that a required member of this object is."""
    found = optional_text_of(value, member)
    if not found:
        raise InvalidRequest(f"{member} is required, and must be a string that is not empty.")
    return found


def optional_text_of(value: object, member: str) -> str | None:
    """The string that a member of this object is; None if it is absent (or null)."""
    found = _object(value).get(member)
    if found is not None and not isinstance(found, str):
        raise InvalidRequest(f"{member} must be a string; found {kind_of(found)}.")
    return found


def members_of(document: Mapping[str, Any], member: str, limits: Limits, *, required: bool) -> list[object]:
    """The list that a member of the document is; empty if it is absent (or null) and not required."""
    found = document.get(member)
    if found is None and not required:
        return []
    if not isinstance(found, list):
        raise InvalidRequest("is required, and must be a list." if required else "must be a list.")
    if len(found) > limits.max_tensors:
        raise TooLarge(f"has {len(found)} items; at most {limits.max_tensors} are taken.")
    return found


def parameters_of(value: object, limits: Limits, *, switch: str | None = None) -> dict[str, Parameter]:
    """The parameters of this object; none if the member is absent or null. `switch` names one that must be boolean."""
    found = _object(value).get("parameters")
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(item, (bool, int, float, str)) for item in found.values()):
        raise InvalidRequest("parameters must be an object, and each value a string, a number or a boolean.")
    if len(found) > limits.max_parameters:
        raise TooLarge(f"has {len(found)} parameters; at most {limits.max_parameters} are taken.")
    if switch in found and not isinstance(found[switch], bool):
        raise InvalidRequest(f"the parameter {switch} must be true or false.")
    return found


def check_distinct(names: Sequence[str]) -> None:
    """Do nothing if the names differ from each other.

    Raises:
        InvalidRequest: two are the same, so that one would shadow the other.
    """
    if len(set(names)) < len(names):
        raise InvalidRequest("two have the same name; name each once.")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"must be an object; found {kind_of(value)}.")
    return value
