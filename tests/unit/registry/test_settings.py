import pytest

from registry.download import DownloadLimits
from registry.settings import RegistrySettings
from registry.store import Connection
from summit_inference.errors import ConfigurationError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in RegistrySettings.variables().values():
        monkeypatch.delenv(variable, raising=False)


def test_the_defaults() -> None:
    settings = RegistrySettings.load()
    assert settings.connection() == Connection("", timeout_seconds=10.0)
    assert settings.download_limits() == DownloadLimits(8 * 1024**3, parallel_files=4, attempts=3)
    assert settings.model_bucket == ""
    assert not settings.allow_aliases


def test_mlflow_s_own_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "pass")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "token")
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://s3")
    connection = RegistrySettings.load().connection()
    assert connection == Connection("https://mlflow.example", "ann", "pass", "token", "http://s3")


def test_sources_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_ALLOWED_SOURCES", "s3://models/, mlflow-artifacts:/,")
    assert RegistrySettings.load().connection().allowed_sources == ("s3://models/", "mlflow-artifacts:/")


def test_secrets_are_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hush-password")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hush-token")
    settings = RegistrySettings.load()
    assert "hush" not in f"{settings!r} {settings} {settings.connection()!r}"


@pytest.mark.parametrize("name", ["REGISTRY_PARALLEL_FILES", "REGISTRY_MAX_ARTIFACT_BYTES", "REGISTRY_TIMEOUT_SECONDS"])
def test_a_limit_of_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    with pytest.raises(ConfigurationError, match=name):
        RegistrySettings.load()
