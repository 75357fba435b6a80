"""The Dockerfile builds every image that manifests name, for the extras that there are, and starts what there is."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from argparse import Namespace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from kube.pods import pods
from kube.rendering import OVERLAYS, ROOT, overlay

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
VERSION = import_module("summit_inference").__version__


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("image_script", ROOT / "scripts" / "image.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


IMAGE = _script()


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_image_of_ours_is_built_under_that_name_and_version(name: str) -> None:
    ours = {
        container["image"].removeprefix("kind.local/")
        for pod in pods(overlay(name))
        for container in pod.containers
        if "summit/" in container["image"]
    }
    built = {IMAGE.tag(image, torch) for image in IMAGE.targets() for torch in ("cpu", "cuda")}
    assert ours
    assert ours <= built


def test_compose_uses_images_that_are_built() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    ours = {service["image"] for service in services.values() if service["image"].startswith("summit/")}
    assert ours <= {IMAGE.tag(image) for image in IMAGE.targets()}


def test_every_extra_that_is_installed_exists() -> None:
    asked = {extra for line in re.findall(r"docker/install (.+)$", DOCKERFILE, re.MULTILINE) for extra in line.split()}
    assert asked <= PROJECT["project"]["optional-dependencies"].keys()


def test_every_module_that_is_started_exists() -> None:
    modules = re.findall(r'ENTRYPOINT \["python", "-m", "([a-z_.]+)"\]', DOCKERFILE)
    assert modules
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


def test_every_package_of_the_project_is_let_in_and_nothing_else() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert set(packages) <= let_in
    assert [path for path in let_in if not (ROOT / path).exists()] == []


def test_what_is_shipped_runs_as_a_number_without_pip() -> None:
    runtime = DOCKERFILE.split("FROM ${BASE_IMAGE} AS build")[0]
    assert "USER 65532:65532" in runtime
    assert "python3-pip" not in runtime
    for final in re.split(r"^FROM runtime AS ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        stage = final.split("\nFROM ")[0]
        assert re.findall(r"^USER (.+)$", stage, re.MULTILINE)[-1:] in ([], ["65532:65532"])
        assert [line for line in re.findall(r"^RUN (.+)$", stage, re.MULTILINE) if "pip" in line] == []
        assert "org.opencontainers.image.title" in stage


def test_bases_are_exact_and_can_be_replaced() -> None:
    assert re.search(r"^ARG BASE_IMAGE=[a-z]+:\d+\.\d+-slim$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) <= {
        "${BASE_IMAGE}",
        "runtime",
        "build",
    }


def test_the_command_that_builds_says_all_that_the_dockerfile_takes() -> None:
    options = Namespace(tool="buildah", torch="cuda", base="base:1", pip_config=Path("pip.conf"), mount=[Path("certs")])
    command = " ".join(IMAGE.build_command("predictor", options, "abc"))
    assert f"-t summit/predictor:{VERSION}-cuda" in command
    for argument in (f"VERSION={VERSION}", "REVISION=abc", "TORCH=cuda", "BASE_IMAGE=base:1"):
        assert f"--build-arg {argument}" in command
        assert f"ARG {argument.split('=')[0]}" in DOCKERFILE
    assert "--secret id=pip,src=pip.conf --volume certs:certs:ro" in command


@pytest.mark.parametrize("module", ["fallback", "registry.storage_initializer"])
def test_an_image_says_its_version(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"summit-inference {VERSION}\n"
