"""Images are really built, out of Debian's packages, and their servers run as the manifests say.

A base that debootstrap makes stands in for the registry's. The build needs a package index: pip's own configuration of
this machine is handed to it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from kube.injection import started
from kube.rendering import ROOT, one, overlay
from servers.jail import jailed
from servers.processes import answers, free_ports, program, running
from servers.stages import MODEL_VERSION, save_tiny_model

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]
BASE = "localhost/summit-base:12"
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
LARGEST_MB = {
    "fallback": 250,
    "gateway": 250,
    "rollout": 250,
    "storage-initializer": 250,
    "eventing": 450,
    "transformer": 700,
    "mlflow": 900,
    "predictor": 1300,
}
_INSTALL = "apt-get install -y --no-install-recommends buildah debootstrap"
_INSIDE = {"PATH": "/opt/summit/bin:/usr/bin:/bin", "HOME": "/tmp"}  # noqa: S108 - the image's own


def _image_script(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "image.py"), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "BUILDAH_ISOLATION": "chroot"},  # noqa: TID251 - a child needs PATH
    )
    return json.loads(done.stdout.splitlines()[-1])


def _pip_configuration(folder: Path) -> list[str]:
    """The options that give a build this machine's index: a pip.conf, and every folder that it names."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    wanted = {"cert", "extra-index-url", "find-links", "index-url"}
    found = dict(re.findall(r"^(?:global|:env:)\.([a-z-]+)='(.*)'$", said.stdout, re.MULTILINE))
    options = {name: value for name, value in found.items() if name in wanted}
    if "cert" in options:  # a copy: the folder of the original is one that packages write to
        options["cert"] = str(shutil.copy(options["cert"], folder / "ca.crt"))
    file = folder / "pip.conf"
    file.write_text("\n".join(["[global]", *(f"{name} = {value}" for name, value in options.items()), ""]))
    named = {Path(each.removeprefix("file://")) for value in options.values() for each in value.split()}
    mounted = {folder, *(path.parent if path.name == "simple" else path for path in named if path.is_dir())}
    return ["--pip-config", str(file), *(part for each in sorted(mounted) for part in ("--mount", str(each)))]


@dataclass(frozen=True)
class Image:
    """One that was built, and its files."""

    name: str
    bytes: int
    root: Path


def _make_base() -> None:
    """What the images stand on, where it is not there."""
    program("debootstrap", install=_INSTALL)
    if os.geteuid():
        pytest.fail("building needs root here: sudo make test-long", pytrace=False)
    if BASE not in _buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        _image_script("base", BASE)


@contextmanager
def built(name: str, folder: Path) -> Iterator[Image]:
    """The image of this name, made now."""
    _make_base()
    options = _pip_configuration(folder)
    ((tag, size),) = _image_script("build", name, "--tool", "buildah", "--base", BASE, *options).items()
    container = _buildah("from", "--pull-never", f"localhost/{tag}")
    try:
        yield Image(name, size, Path(_buildah("mount", container)))
    finally:
        _buildah("rm", container)


@pytest.fixture(scope="module", params=LARGEST_MB)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """Each of them."""
    with built(request.param, tmp_path_factory.mktemp("pip")) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of the gateway's."""
    with built("gateway", tmp_path_factory.mktemp("pip")) as made:
        yield made.root


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of the predictor's."""
    with built("predictor", tmp_path_factory.mktemp("pip")) as made:
        yield made.root


def _buildah(*arguments: str) -> str:
    buildah = program("buildah", install=_INSTALL)
    return subprocess.run([buildah, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def _inside(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        jailed(root, _INSIDE, *command),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_is_small(image: Image) -> None:
    assert image.bytes <= LARGEST_MB[image.name] * 1_000_000


def test_it_has_no_pip_and_no_compiler(image: Image) -> None:
    assert _inside(image.root, "python", "-c", "import pip").returncode == 1
    present = {path.name for path in (image.root / "usr" / "bin").iterdir()}
    assert present & {"pip", "pip3", "gcc", "cc", "make", "strip"} == set()


def test_it_says_its_version(image: Image) -> None:
    command = DOCKERFILE.split(f"FROM runtime AS {image.name}\n")[1].split("ENTRYPOINT ")[1].split("\n")[0]
    done = _inside(image.root, *json.loads(command), "--version")
    assert done.stdout.startswith("mlflow, version " if image.name == "mlflow" else "summit-inference "), done.stderr


def test_what_was_left_out_of_it_is_not_missed(image: Image) -> None:
    """The client of Kubernetes is in a zip there, and botocore knows few services."""
    used = {"rollout": "import kopf, rollout.handlers", "storage-initializer": "import boto3; boto3.client('s3')"}
    done = _inside(image.root, "python", "-c", used.get(image.name, "import summit_inference"))
    assert done.returncode == 0, done.stderr


def test_its_root_cannot_be_written(image: Image) -> None:
    done = _inside(
        image.root, "python", "-c", "import os; print(os.getuid()); open('/tmp/a', 'w'); open('/opt/a', 'w')"
    )
    assert done.stdout == "65532\n"
    assert "Read-only file system" in done.stderr


def test_the_gateway_answers_as_the_manifest_starts_it(gateway: Path, tmp_path: Path) -> None:
    (container,) = one(overlay("kind"), "Deployment", "gateway")["spec"]["template"]["spec"]["containers"]
    stated = {each["name"]: each.get("value", "") for each in container["env"]}
    http, grpc, metrics = free_ports(3)
    token = "a-token-for-this-test"  # noqa: S105
    environment = {
        **stated,
        **_INSIDE,
        "AI_GATEWAY_TOKEN": token,
        "REDIS_URL": "redis://127.0.0.1:1/0",  # away: the gateway serves without it
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:1",
        "GATEWAY_LISTEN_PORT": str(http),
        "GATEWAY_GRPC_PORT": str(grpc),
        "GATEWAY_METRICS_PORT": str(metrics),
        "GATEWAY_DRAIN_SECONDS": "0",
    }
    command = jailed(gateway, environment, "python", "-m", "gateway", *container.get("args", ()))
    with running(command, log=tmp_path / "gateway.log", is_ready=lambda: answers(http)):
        url = f"http://127.0.0.1:{http}"
        assert httpx.get(url + container["readinessProbe"]["httpGet"]["path"]).status_code == 200
        assert httpx.post(f"{url}/extract", json={"text": "Angela Merkel"}).status_code == 401
        answer = httpx.post(
            f"{url}/extract",
            json={"text": "Angela Merkel was in Berlin."},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.json()["degraded"] is True
        assert "Angela Merkel" in answer.json()["entities"]


def test_the_predictor_computes_as_the_manifest_starts_it(predictor: Path, tmp_path: Path) -> None:
    """With a model where the storage initializer leaves it, and what the rendered manifest gives it."""
    service = one(overlay("kind"), "InferenceService", "summit-extract")
    container = started(service, overlay("kind"))[0]
    model = predictor / "mnt" / "models"
    save_tiny_model(model)
    for file in model.iterdir():
        file.chmod(0o644)  # as the initializer's user leaves them, who is the predictor's
    ports = dict(zip(("8082", "8083"), map(str, free_ports(2)), strict=True))
    arguments = [re.sub(r"\b808\d\b", lambda found: ports[found[0]], each) for each in container.arguments]
    environment = {**container.environment, **_INSIDE, "MODEL_VERSION": MODEL_VERSION, "PREDICTOR_DRAIN_SECONDS": "0"}
    url = f"http://127.0.0.1:{ports['8082']}"
    command = jailed(predictor, environment, "python", "-m", "predictor", *arguments)
    with running(command, log=tmp_path / "predictor.log", is_ready=lambda: answers(int(ports["8082"]))):
        ids = {"name": "input_ids", "datatype": "INT64", "shape": [1, 3], "data": [2, 7, 3]}
        mask = {"name": "attention_mask", "datatype": "INT64", "shape": [1, 3], "data": [1, 1, 1]}
        kinds = {"name": "token_type_ids", "datatype": "INT64", "shape": [1, 3], "data": [0, 0, 0]}
        body = {"inputs": [ids, mask, kinds]}
        answer = httpx.post(f"{url}/v2/models/summit-extract/infer", json=body, timeout=60).json()
        assert answer["model_version"] == MODEL_VERSION
        assert [output["shape"] for output in answer["outputs"]] == [[1, 3], [1, 3]]
