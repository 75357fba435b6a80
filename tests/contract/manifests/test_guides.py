"""What the guides of the cluster tell people to type exists."""

import re
from pathlib import Path

import pytest
from kube.rendering import MANIFESTS, ROOT

from cli.__main__ import _parser
from eventing.settings import EventingSettings
from gateway.flags import flags_of
from gateway.settings import GatewaySettings
from predictor.settings import PredictorSettings

PAGES = [
    *(ROOT / "docs" / "guides" / f"{name}.md" for name in ("install", "upgrade", "gpu", "scale-and-cost", "drills")),
    *(ROOT / "docs" / "guides" / f"{name}.md" for name in ("deploy-checklist", "cluster-proofs", "network")),
    ROOT / "docs" / "guides" / "one-machine.md",
    ROOT / "docs" / "reference" / "seed-map.md",
    ROOT / "manifests" / "README.md",
    ROOT / "kind-cluster" / "README.md",
]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"(?:^|`|&& )summit ([a-z]+(?: [a-z]+)?)", TEXT, re.MULTILINE)))
)
def test_a_command_of_ours_exists(command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args([*command.split(), "--help"])
    assert ended.value.code == 0


@pytest.mark.parametrize(("flag", "value"), sorted(set(re.findall(r"summit flags set (\S+) ([a-z0-9]+)", TEXT))))
def test_a_flag_that_is_set_exists(flag: str, value: str) -> None:
    assert flags_of({flag: value})[1] == {}


def test_the_settings_that_are_named_exist() -> None:
    known = {
        variable
        for settings in (GatewaySettings, PredictorSettings, EventingSettings)
        for variable in settings.variables().values()
    }
    assert set(re.findall(r"\b(?:GATEWAY|PREDICTOR|EVENTING)_[A-Z_]+", TEXT)) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(
        r"(?<![\w/.])((?:manifests|docs|tests|scripts|kind-cluster|docker)/[A-Za-z0-9_./-]+[A-Za-z0-9])",
        page.read_text(),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


SEED = (
    "config/ai/models.yaml",
    "`up-full`",
    "the smoke test",
    "`Dockerfile.ai`",
    "`docker-compose.gpu.yml`",
    "`MODEL_VERSION`",
    "`MODEL_BUCKET`",
    "the deploy checklist",
    "the drills",
)


@pytest.mark.parametrize("item", SEED)
def test_every_item_of_the_seed_is_mapped(item: str) -> None:
    page = (ROOT / "docs" / "reference" / "seed-map.md").read_text("utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if item in line.split(" | ")[0]]
    assert [bool(row[1].strip(" |")) for row in rows] == [True]


def test_every_folder_of_manifests_is_in_its_readme() -> None:
    readme = (MANIFESTS / "README.md").read_text("utf-8")
    folders = {path.name for path in MANIFESTS.iterdir() if path.is_dir()} - {"namespace", "overlays"}
    assert [name for name in folders if f"{name}/`" not in readme] == []
