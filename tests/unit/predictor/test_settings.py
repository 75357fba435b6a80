"""The predictor's settings: every default, and what is refused."""

from pathlib import Path

import pytest

from predictor.placement import Device, Precision
from predictor.settings import PredictorSettings
from summit_inference.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL_VERSION", raising=False)


def test_every_default_is_pinned() -> None:
    assert PredictorSettings.load().model_dump() == {
        "otlp_endpoint": None,
        "trace_sample_ratio": 0.1,
        "model_name": "summit-extract",
        "model_directory": Path("/mnt/models"),
        "model_version": None,
        "listen_host": "127.0.0.1",
        "listen_port": 8082,
        "grpc_port": 8083,
        "device": Device.AUTO,
        "precision": Precision.AUTO,
        "int8_max_f1_loss": 0.3,
        "int8_maps": "",
        "lanes": None,
        "budget_tokens": None,
        "split_tokens": 128,
        "queue_tokens": 16_384,
        "max_age_seconds": 1.0,
        "batch_floor": 0.1,
        "batch_tokens_beside_realtime": 256,
        "max_sequences": 4_096,
        "max_body_bytes": 16 * 1024 * 1024,
        "stall_seconds": 60,
        "restarts_per_hour": 3,
        "failures_in_row": 16,
        "drain_seconds": 7,
        "grace_seconds": 30,
        "log_level": "INFO",
    }


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PREDICTOR_LANES": "2", "PREDICTOR_PRECISION": "int8", "MODEL_VERSION": "3"}.items():
        monkeypatch.setenv(name, value)
    settings = PredictorSettings.load()
    assert (settings.lanes, settings.precision, settings.model_version) == (2, Precision.INT8, "3")


def test_a_typo_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREDICTOR_BUDGET_TOKEN", "256")
    with pytest.raises(ConfigurationError, match="PREDICTOR_BUDGET_TOKENS"):
        PredictorSettings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PREDICTOR_LANES", "0", id="no lanes"),
        pytest.param("PREDICTOR_DEVICE", "tpu", id="an unknown device"),
        pytest.param("PREDICTOR_BATCH_FLOOR", "1", id="a floor that leaves realtime nothing"),
        pytest.param("PREDICTOR_BUDGET_TOKENS", "1", id="a batch of one token"),
    ],
)
def test_a_value_out_of_range_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        PredictorSettings.load()


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in PredictorSettings.model_fields.items() if not field.description] == []
