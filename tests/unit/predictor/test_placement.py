"""Where a model runs and how precisely."""

import pytest

from predictor.placement import Device, Placement, Precision, placed
from summit_inference.errors import ConfigurationError

H100, V100 = (9, 0), (7, 0)
AUTO, CPU, CUDA = Device.AUTO, Device.CPU, Device.CUDA


@pytest.mark.parametrize(
    ("device", "precision", "capability", "expected"),
    [
        pytest.param(AUTO, Precision.AUTO, None, (CPU, Precision.FLOAT32), id="no CUDA device: a CPU in float32"),
        pytest.param(AUTO, Precision.AUTO, H100, (CUDA, Precision.BFLOAT16), id="a CUDA device with bfloat16"),
        pytest.param(AUTO, Precision.AUTO, V100, (CUDA, Precision.FLOAT32), id="one without"),
        pytest.param(CPU, Precision.AUTO, H100, (CPU, Precision.FLOAT32), id="a CPU beside a CUDA device"),
        pytest.param(CPU, Precision.INT8, None, (CPU, Precision.INT8), id="int8 on a CPU"),
        pytest.param(CUDA, Precision.FLOAT32, H100, (CUDA, Precision.FLOAT32), id="float32 where bfloat16 could be"),
    ],
)
def test_auto_takes_the_best_that_the_machine_has(
    device: Device, precision: Precision, capability: tuple[int, int] | None, expected: tuple[Device, Precision]
) -> None:
    assert placed(device, precision, capability) == Placement(*expected)


@pytest.mark.parametrize(
    ("device", "precision", "capability", "setting"),
    [
        pytest.param(CUDA, Precision.AUTO, None, "PREDICTOR_DEVICE", id="no CUDA device"),
        pytest.param(CPU, Precision.BFLOAT16, None, "PREDICTOR_PRECISION", id="bfloat16 on a CPU"),
        pytest.param(CUDA, Precision.BFLOAT16, V100, "PREDICTOR_PRECISION", id="bfloat16 on an old device"),
        pytest.param(CUDA, Precision.INT8, H100, "PREDICTOR_PRECISION", id="int8 on CUDA"),
    ],
)
def test_what_the_machine_can_not_do_stops_the_start(
    device: Device, precision: Precision, capability: tuple[int, int] | None, setting: str
) -> None:
    with pytest.raises(ConfigurationError, match=setting):
        placed(device, precision, capability)


@pytest.mark.parametrize(
    ("device", "precision", "capability", "expected"),
    [
        pytest.param(AUTO, Precision.AUTO, None, Precision.INT8, id="on a CPU"),
        pytest.param(AUTO, Precision.FLOAT32, None, Precision.FLOAT32, id="not where float32 is asked for"),
        pytest.param(AUTO, Precision.AUTO, H100, Precision.BFLOAT16, id="not on CUDA"),
    ],
)
def test_auto_takes_eight_bits_where_the_version_is_fit_for_them(
    device: Device, precision: Precision, capability: tuple[int, int] | None, expected: Precision
) -> None:
    assert placed(device, precision, capability, is_int8_fit=True).precision is expected


def test_a_cpu_has_a_lane_a_core_and_cuda_one() -> None:
    assert Placement(CPU, Precision.FLOAT32).lanes(cores=6) == 6
    assert Placement(CUDA, Precision.BFLOAT16).lanes(cores=6) == 1


def test_cuda_takes_larger_batches() -> None:
    assert Placement(CPU, Precision.FLOAT32).budget_tokens < Placement(CUDA, Precision.BFLOAT16).budget_tokens
