from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.settings import GatewaySettings
from summit_inference.errors import ConfigurationError

DEFAULTS = {
    "upstream_url": "http://127.0.0.1:8080",
    "listen_host": "127.0.0.1",
    "listen_port": 8000,
    "grpc_port": 8001,
    "metrics_port": 9102,
    "metrics_on_main_port": False,
    "max_texts": 1024,
    "max_characters": 100_000,
    "max_body_bytes": 16 * 2**20,
    "max_in_flight": 256,
    "model_timeout_seconds": 30,
    "cold_wait_seconds": 0,
    "cold_start_seconds": 30,
    "probe_seconds": 0.03,
    "idle_seconds": 60,
    "watch_interval_seconds": 0.5,
    "drain_seconds": 5,
    "grace_seconds": 30,
}


def test_the_defaults_are_these() -> None:
    settings = GatewaySettings()
    assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS


def test_names_that_the_whole_product_shares_have_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GATEWAY_UPSTREAM_URL": "http://m",
        "AI_GATEWAY_TOKEN": "t" * 16,
        "REDIS_URL": "redis://r",
    }.items():
        monkeypatch.setenv(name, value)
    settings = GatewaySettings.load()
    assert settings.upstream_url == "http://m"
    assert settings.token.get_secret_value() == "t" * 16
    assert settings.redis_url is not None
    assert "t" * 16 not in repr(settings)


def test_a_typo_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_COLD_WAIT_SECOND", "5")
    with pytest.raises(ConfigurationError, match="GATEWAY_COLD_WAIT_SECONDS"):
        GatewaySettings.load()


def test_flags_and_routes_have_one_place() -> None:
    with pytest.raises(ValueError, match="REDIS_URL"):
        GatewaySettings(redis_url=SecretStr("redis://r"), flags_file=Path("flags.json"))


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.7", False),
        ("gw.example", False),
    ],
)
def test_only_loopback_is_loopback(host: str, *, is_loopback: bool) -> None:
    assert GatewaySettings(listen_host=host).is_loopback is is_loopback
