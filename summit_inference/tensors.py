"""Tensors and the messages that carry them: the Open Inference Protocol as values, whatever the transport.

`v2.py` turns them to and from HTTP bodies, `v2_grpc.py` to and from protobuf. Data is a numpy array all the way, a view
of the received bytes where the transport allows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Parameter = bool | int | float | str


class Datatype(StrEnum):
    """The protocol's names; `BYTES` elements are byte strings of any length."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BYTES = "BYTES"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Little-endian numpy dtype; `object` for BYTES, each element a `bytes`."""
        return _DTYPES[self]


_DTYPES: dict[Datatype, np.dtype[Any]] = {
    Datatype.BOOL: np.dtype("bool"),
    Datatype.FP16: np.dtype("<f2"),
    Datatype.FP32: np.dtype("<f4"),
    Datatype.FP64: np.dtype("<f8"),
    Datatype.BYTES: np.dtype("object"),
} | {d: np.dtype(f"<{d[0].lower()}{int(d.lstrip('UINT')) // 8}") for d in Datatype if d.startswith(("INT", "UINT"))}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A named array; its shape is `data.shape`, its dtype that of `datatype`.

    What a codec made is read-only: it may be a view of the received bytes.

    Raises:
        TypeError: the array's dtype is another, which would corrupt it on the wire.
    """

    name: str
    datatype: Datatype
    data: npt.NDArray[Any]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.data.dtype != self.datatype.dtype:
            raise TypeError(f"tensor {self.name!r} is {self.datatype}, but its array is {self.data.dtype}")

    @classmethod
    def of_bytes(cls, name: str, values: Sequence[bytes]) -> "Tensor":
        """A BYTES tensor of shape [N]."""
        return cls(name, Datatype.BYTES, bytes_array(values, (len(values),)))


def bytes_array(values: Sequence[bytes], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A read-only array of byte strings. Not `np.array(values)`: that cuts trailing NUL bytes off."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    array = array.reshape(shape)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True)
class RequestedOutput:
    """An output that the caller wants, and how."""

    name: str
    is_binary: bool | None = None
    """As raw bytes behind the JSON; None: as the request's `binary_data_output` says."""


@dataclass(frozen=True, slots=True)
class InferRequest:
    """One inference, as asked."""

    model_name: str
    inputs: tuple[Tensor, ...]
    model_version: str | None = None
    id: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    outputs: tuple[RequestedOutput, ...] = ()
    """Empty: all."""

    def input(self, name: str) -> Tensor | None:
        """The input of this name, None where there is none."""
        return next((tensor for tensor in self.inputs if tensor.name == name), None)


@dataclass(frozen=True, slots=True)
class InferResponse:
    """One inference, as answered."""

    model_name: str
    outputs: tuple[Tensor, ...]
    model_version: str | None = None
    id: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def output(self, name: str) -> Tensor:
        """The output of this name.

        Raises:
            KeyError: the response has none.
        """
        return {tensor.name: tensor for tensor in self.outputs}[name]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a model says of one input or output; -1 in `shape` is any size."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a model says of itself."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    """Free text about the model, such as where it came from."""


class Servable(Protocol):
    """A model that a V2 server offers. Every transport ends here.

    `model_version` is the exact version that the caller asks for, or None for the server's choice.
    """

    @property
    def name(self) -> str:
        """The model's name in paths."""

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        """What the model says of itself.

        Raises:
            ModelVersionNotFound: this version is not served here.
        """

    async def is_ready(self, model_version: str | None) -> bool:
        """Whether `infer` would answer now; False too for a version that is not served here."""

    async def infer(self, request: InferRequest) -> InferResponse:
        """The answer, with all outputs: the server drops those that the caller did not ask for.

        Raises:
            SummitError: as drawn in `errors.py`.
        """
