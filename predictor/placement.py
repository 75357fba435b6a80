"""Where the model runs and in which precision, decided from what is asked and what the machine has."""

from dataclasses import dataclass
from enum import StrEnum

from summit_inference.errors import ConfigurationError

_BF16_CAPABILITY = (8, 0)  # NVIDIA Ampere; older cards only emulate bfloat16


class Device(StrEnum):
    """Where to compute; `auto` takes a CUDA device where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Precision(StrEnum):
    """Of weights and activations.

    `auto` takes bfloat16 where a CUDA device computes in it, int8 on a CPU where the version was measured to lose next
    to nothing by it, and float32 elsewhere.
    """

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"
    """Weights of the encoder's linear maps in 8 bits, on a CPU only. Activations are scaled by what else is in the
    batch: an answer's scores, seldom its labels, differ a little from batch to batch."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What was decided: never `auto`."""

    device: Device
    precision: Precision

    @property
    def budget_tokens(self) -> int:
        """Tokens beyond which a larger forward is hardly more efficient and only adds latency."""
        return 512 if self.device is Device.CPU else 8192

    def lanes(self, cores: int) -> int:
        """Threads that compute: one a core, or one that feeds the CUDA device."""
        return cores if self.device is Device.CPU else 1


def placed(
    device: Device, precision: Precision, cuda_capability: tuple[int, int] | None, *, is_int8_fit: bool = False
) -> Placement:
    """What is asked, as this machine can do it; `cuda_capability` is None where there is no CUDA device.

    `is_int8_fit` says that the model was measured to lose next to nothing in 8 bits.

    Raises:
        ConfigurationError: it can't.
    """
    if device is Device.CUDA and cuda_capability is None:
        raise ConfigurationError("PREDICTOR_DEVICE asks for cuda and there is no CUDA device; set it to auto or cpu.")
    if device is Device.CPU or cuda_capability is None:
        return Placement(Device.CPU, _on_cpu(precision, is_int8_fit=is_int8_fit))
    return Placement(Device.CUDA, _on_cuda(precision, cuda_capability))


def _on_cpu(precision: Precision, *, is_int8_fit: bool) -> Precision:
    if precision is Precision.BFLOAT16:
        raise ConfigurationError(
            "PREDICTOR_PRECISION asks for bfloat16 on a CPU, where it is slower than float32; set it to auto."
        )
    if precision is Precision.AUTO:
        return Precision.INT8 if is_int8_fit else Precision.FLOAT32
    return precision


def _on_cuda(precision: Precision, capability: tuple[int, int]) -> Precision:
    has_bf16 = capability >= _BF16_CAPABILITY
    if precision is Precision.INT8:
        raise ConfigurationError("PREDICTOR_PRECISION asks for int8 on a CUDA device; set it to auto, or run on cpu.")
    if precision is Precision.BFLOAT16 and not has_bf16:
        raise ConfigurationError("PREDICTOR_PRECISION asks for bfloat16, which this CUDA device lacks; set it to auto.")
    if precision is Precision.AUTO:
        return Precision.BFLOAT16 if has_bf16 else Precision.FLOAT32
    return precision
