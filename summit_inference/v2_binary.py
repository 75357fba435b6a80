"""Raw tensor bytes ⇄ arrays: row-major, little-endian, no padding; REST's binary extension and gRPC's raw contents.

Fixed-size elements stay a view of the received bytes. BYTES elements are a 4-byte length and that many bytes each.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from summit_inference.errors import InvalidRequest
from summit_inference.tensors import Datatype, Tensor, bytes_array

_LENGTH_BYTES = 4


def array_from_raw(raw: bytes | memoryview, datatype: Datatype, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A read-only array of this shape; a view of `raw` unless the elements are BYTES.

    Raises:
        InvalidRequest: `raw` is not exactly as long as datatype and shape say, or holds no such elements.
    """
    view = memoryview(raw).toreadonly()
    count = math.prod(shape)
    if datatype is Datatype.BYTES:
        return bytes_array(list(_elements(view, count)), shape)
    expected = count * datatype.dtype.itemsize
    if len(view) != expected:
        raise InvalidRequest(f"has {len(view)} bytes of binary data, where its datatype and shape need {expected}.")
    if datatype is Datatype.BOOL and np.frombuffer(view, dtype=np.uint8).max(initial=0) > 1:
        raise InvalidRequest("holds a byte other than 0 and 1, which is no BOOL.")
    return np.frombuffer(view, dtype=datatype.dtype).reshape(shape)


def raw_from_array(tensor: Tensor) -> bytes:
    """The tensor's elements as raw bytes."""
    if tensor.datatype is not Datatype.BYTES:
        return tensor.data.tobytes()
    return b"".join(part for element in tensor.data.flat for part in (_prefix(element), element))


def _prefix(element: bytes) -> bytes:
    return len(element).to_bytes(_LENGTH_BYTES, "little")


def _elements(view: memoryview, count: int) -> Iterator[bytes]:
    at = 0
    for index in range(count):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(view[at:start], "little")
        if max(start, at) > len(view):
            raise InvalidRequest(
                f"has {len(view)} bytes of binary data, which end before element {index} of {count} does; "
                "each BYTES element is a 4-byte little-endian length and that many bytes."
            )
        yield bytes(view[start:at])
    if at != len(view):
        raise InvalidRequest(f"has {len(view) - at} bytes of binary data behind the last of its {count} elements.")
