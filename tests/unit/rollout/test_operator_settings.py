import pytest

from rollout.operator_settings import OperatorSettings
from summit_inference.errors import ConfigurationError


def test_the_defaults() -> None:
    settings = OperatorSettings.load()
    assert (settings.namespace, settings.metrics_port, settings.lease_seconds) == ("summit", 9103, 60)
    assert settings.sink_url == ""
    assert settings.golden_timeout_seconds == 120.0


def test_a_typo_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLOUT_LEASE_SECOND", "30")
    with pytest.raises(ConfigurationError, match="ROLLOUT_LEASE_SECONDS"):
        OperatorSettings.load()
