"""Defaults are promises: a change of one is a change for operators."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from eventing.settings import EventingSettings
from summit_inference.errors import ConfigurationError


def test_defaults() -> None:
    settings = EventingSettings()
    assert (settings.listen_host, settings.listen_port) == ("127.0.0.1", 8020)
    assert settings.database_url.get_secret_value() == "sqlite:///ledger.db"
    assert (settings.sink_url, settings.subscriber_url) == (None, None)
    assert (settings.readable, settings.writable) == ([], ["file:///var/lib/summit/results"])
    assert (settings.chunk_documents, settings.max_concurrent_chunks, settings.max_tries) == (256, 4, 5)
    assert (settings.retries, settings.backoff_seconds, settings.max_backoff_seconds) == (10, 0.2, 30)
    assert settings.retention_days == 30


def test_places_are_a_list_with_commas() -> None:
    settings = EventingSettings(readable_uris="s3://a, file:///b,", writable_uris="s3://c", results_uri="s3://d")
    assert settings.readable == ["s3://a", "file:///b"]
    assert settings.writable == ["s3://d", "s3://c"]


@pytest.mark.parametrize(
    "settings",
    [
        {"sink_url": "http://broker", "subscriber_url": "http://me"},
        {"amqp_url": "amqp://rabbit", "subscriber_url": "http://me"},
        {"sink_url": "http://broker", "amqp_url": "amqp://rabbit"},
    ],
    ids=["a broker and a subscriber", "RabbitMQ and a subscriber", "two brokers"],
)
def test_events_go_one_way(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="broker"):
        EventingSettings(**settings)


def test_of_several_keys_the_first_is_sent() -> None:
    assert EventingSettings(gateway_token=SecretStr("batch:one,two")).first_token() == "one"
    assert EventingSettings().first_token() is None


def test_a_typo_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTING_CHUNK_DOCUMENT", "3")
    with pytest.raises(ConfigurationError, match="EVENTING_CHUNK_DOCUMENTS"):
        EventingSettings.load()
