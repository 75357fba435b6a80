import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from summit_inference.errors import ConfigurationError
from summit_inference.settings import Settings


class Example(Settings):
    model_config = SettingsConfigDict(env_prefix="EXAMPLE_")

    max_batch_tokens: int = Field(default=512, ge=1)
    token: str = Field(default="", validation_alias="OTHER_TOKEN")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_MAX_BATCH_TOKENS", "64")
    monkeypatch.setenv("OTHER_TOKEN", "abc")
    settings = Example.load()
    assert (settings.max_batch_tokens, settings.token) == (64, "abc")


def test_a_typo_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_MAX_BACTH_TOKENS", "64")
    with pytest.raises(ConfigurationError, match="did you mean EXAMPLE_MAX_BATCH_TOKENS"):
        Example.load()


def test_a_name_fixed_from_outside_is_not_also_read_under_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_TOKEN", "abc")
    with pytest.raises(ConfigurationError, match="EXAMPLE_TOKEN"):
        Example.load()


def test_a_bad_value_is_named_by_its_variable_and_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_MAX_BATCH_TOKENS", "hunter2")
    with pytest.raises(ConfigurationError, match="EXAMPLE_MAX_BATCH_TOKENS") as caught:
        Example.load()
    assert "hunter2" not in str(caught.value)


def test_an_empty_value_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_MAX_BATCH_TOKENS", "")
    assert Example.load().max_batch_tokens == 512


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Example().max_batch_tokens = 1
