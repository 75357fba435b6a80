"""An image is really built, out of Debian's packages, and its server runs as the manifest says.

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
from pathlib import Path
from typing import Any

import httpx
import pytest
from kube.rendering import ROOT, one, overlay
from servers.jail import jailed
from servers.processes import answers, free_ports, program, running

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
BASE = "localhost/summit-base:12"
_LARGEST_BYTES = 250_000_000
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


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The gateway's, with its size."""
    program("debootstrap", install=_INSTALL)
    if os.geteuid():
        pytest.fail("building needs root here: sudo make test-long", pytrace=False)
    if BASE not in _buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        _image_script("base", BASE)
    options = _pip_configuration(tmp_path_factory.mktemp("pip"))
    built: dict[str, int] = _image_script("build", "gateway", "--tool", "buildah", "--base", BASE, *options)
    return built


@pytest.fixture(scope="module")
def root(image: dict[str, int]) -> Iterator[Path]:
    """Its files."""
    (name,) = image
    container = _buildah("from", "--pull-never", f"localhost/{name}")
    yield Path(_buildah("mount", container))
    _buildah("rm", container)


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


def test_it_is_small(image: dict[str, int]) -> None:
    (size,) = image.values()
    assert size <= _LARGEST_BYTES


def test_it_has_no_pip_and_no_compiler(root: Path) -> None:
    assert _inside(root, "python", "-c", "import pip").returncode == 1
    assert [
        name for name in ("pip", "pip3", "gcc", "cc", "make", "strip") if (root / "usr" / "bin" / name).exists()
    ] == []


def test_it_says_its_version(root: Path) -> None:
    done = _inside(root, "python", "-m", "gateway", "--version")
    assert done.stdout.startswith("summit-inference "), done.stderr


def test_its_root_cannot_be_written(root: Path) -> None:
    done = _inside(root, "python", "-c", "import os; print(os.getuid()); open('/tmp/a', 'w'); open('/opt/a', 'w')")
    assert done.stdout == "65532\n"
    assert "Read-only file system" in done.stderr


def test_its_server_answers_as_the_manifest_starts_it(root: Path, tmp_path: Path) -> None:
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
    command = jailed(root, environment, "python", "-m", "gateway", *container.get("args", ()))
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
