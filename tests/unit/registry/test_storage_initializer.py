from pathlib import Path

import pytest

from registry.artifact import open_artifact
from registry.download import download
from registry.reference import ModelReference
from registry.storage_initializer import main
from registry.store import Connection

PINNED = "mlflow://summit-extract/3@sha256:"


@pytest.fixture
def mirror(reference: ModelReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with version 3, named by the environment."""
    root = tmp_path / "mirror"
    download(reference, root / "summit-extract" / "3", Connection("sqlite:///mlflow.db"))
    monkeypatch.setenv("MODEL_BUCKET", str(root))
    return root


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("more", [[], ["--unknown-flag", "--other=1"], ["extra"]])
def test_a_version_lands_where_kserve_wants_it_whatever_else_it_says(tmp_path: Path, more: list[str]) -> None:
    mount = tmp_path / "mnt"
    mount.mkdir()
    assert main(["mlflow://summit-extract/3", str(mount), *more]) == 0
    assert open_artifact(mount).version == "3"


@pytest.mark.parametrize("end", ["", "/"])
def test_a_mirror_goes_before_a_registry_that_is_set_too(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("MODEL_BUCKET", f"{mirror}{end}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("REGISTRY_ALLOWED_SOURCES", "s3://elsewhere/")
    assert main(["mlflow://summit-extract/3", str(tmp_path / "mnt")]) == 0


@pytest.mark.usefixtures("mirror")
def test_a_pinned_digest_must_be_the_versions(
    reference: ModelReference, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([PINNED + reference.digest, str(tmp_path / "a")]) == 0
    assert main([PINNED + "0" * 64, str(tmp_path / "b")]) == 1
    assert "storageUri pins another" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize(
    ("uri", "status", "line"),
    [
        ("mlflow://summit-extract/4", 1, "error: model-reference.json is missing where the version is kept"),
        (
            "mlflow://summit-extract/champion",
            2,
            "error: the alias champion may mean another version at each cold start",
        ),
        ("mlflow://summit-extract/v2.1.0", 2, "error: MODEL_BUCKET knows versions by their number"),
        ("s3://summit-extract/4", 2, "error: a storage URI is mlflow://<model name>/<version>"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], uri: str, status: int, line: str
) -> None:
    assert main([uri, str(tmp_path / "mnt")]) == status
    output = capsys.readouterr()
    assert output.err.startswith(line)
    assert output.err.count("\n") == 1
    assert output.out == ""


def test_without_a_registry_the_setting_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL_BUCKET", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert main(["mlflow://summit-extract/3", str(tmp_path / "mnt")]) == 2
    assert "MLFLOW_TRACKING_URI" in capsys.readouterr().err


def test_a_typo_in_the_environment_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_TIMEOUT_SECOND", "5")
    assert main(["mlflow://summit-extract/3", str(tmp_path / "mnt")]) == 2
    assert "did you mean REGISTRY_TIMEOUT_SECONDS" in capsys.readouterr().err


def test_arguments_that_are_missing_are_a_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["mlflow://summit-extract/3"])
    assert "directory" in capsys.readouterr().err
