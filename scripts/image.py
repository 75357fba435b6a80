"""Build, list and push the images of docker/Dockerfile, and make a base for it out of Debian's packages alone.

    image.py build [IMAGE…] [--torch cpu|cuda] [--base IMAGE] [--tool TOOL] [--pip-config FILE] [--mount DIR]
    image.py base TAG [--mirror URL]        with debootstrap, for where no registry can be reached
    image.py push REGISTRY [IMAGE…]

The last line of standard output is one JSON document: what was built, and its size in bytes. Standard library only.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_DOCKERFILE = _ROOT / "docker" / "Dockerfile"
_TOOLS = ("docker", "podman", "buildah")
_WITH_TORCH = ("predictor", "ray")
_NOT_IN_A_BASE = (
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/lib/apt/lists",
)


def targets() -> list[str]:
    """The images that the Dockerfile builds: its stages that begin from `runtime`."""
    return re.findall(r"^FROM runtime AS ([a-z-]+)$", _DOCKERFILE.read_text("utf-8"), re.MULTILINE)


def version() -> str:
    """The version of the project."""
    source = (_ROOT / "summit_inference" / "__init__.py").read_text("utf-8")
    return str(re.findall(r'^__version__ = "([^"]+)"', source, re.MULTILINE)[0])


def tag(image: str, torch: str = "cpu") -> str:
    """What the image is called, such as `summit/predictor:0.1.0-cuda`."""
    is_gpu = image in _WITH_TORCH and torch == "cuda"
    return f"summit/{image}:{version()}{'-cuda' if is_gpu else ''}"


def build_command(image: str, options: argparse.Namespace, revision: str) -> list[str]:
    """The command that builds one image."""
    command = [options.tool, "build", "-f", str(_DOCKERFILE), "--target", image, "-t", tag(image, options.torch)]
    arguments = {"VERSION": version(), "REVISION": revision, "TORCH": options.torch}
    if options.base:
        arguments["BASE_IMAGE"] = options.base
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    if options.pip_config:
        command += ["--secret", f"id=pip,src={options.pip_config}"]
    for folder in options.mount:  # what the pip.conf names on this machine: a certificate, wheels
        command += ["--volume", f"{folder}:{folder}:ro"]
    if options.tool == "buildah":
        command.insert(2, "--layers")
    return [*command, str(_ROOT)]


def build(options: argparse.Namespace) -> None:
    """Build the images that are named, or all."""
    revision = _revision()
    built = {}
    for image in options.images or targets():
        _run(build_command(image, options, revision))
        built[tag(image, options.torch)] = size(options.tool, tag(image, options.torch))
    print(json.dumps(built))


def _revision() -> str:
    """The commit; `unknown` where the tree is no checkout."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True, cwd=_ROOT
    )
    return done.stdout.strip() or "unknown"


def size(tool: str, name: str) -> int:
    """Bytes of an image, as its tool counts them: all layers, unpacked."""
    if tool == "buildah":
        found = json.loads(_output(["buildah", "images", "--json", name]))
        return _bytes(found[0]["size"])
    return int(_output([tool, "image", "inspect", "--format", "{{.Size}}", name]))


def _bytes(text: str) -> int:
    number, unit = text.split()
    return round(float(number) * int(1000 ** ["B", "KB", "MB", "GB"].index(unit)))


def base(options: argparse.Namespace) -> None:
    """A base image like debian:12-slim, from the mirror's packages; as root, with debootstrap and buildah."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        mirror = [options.mirror] if options.mirror else []
        _run(["debootstrap", "--variant=minbase", "bookworm", str(root), *mirror])
        for path in _NOT_IN_A_BASE:
            shutil.rmtree(root / path, ignore_errors=True)
        container = _output(["buildah", "from", "scratch"])
        _run(["buildah", "copy", "--quiet", container, str(root), "/"])
        _run(["buildah", "commit", "--quiet", "--rm", container, options.tag])
    print(json.dumps({options.tag: size("buildah", options.tag)}))


def push(options: argparse.Namespace) -> None:
    """Push the images under the registry's name."""
    pushed = []
    for image in options.images or targets():
        remote = f"{options.registry}/{tag(image, options.torch)}"
        _run([options.tool, "tag", tag(image, options.torch), remote])
        _run([options.tool, "push", remote])
        pushed.append(remote)
    print(json.dumps(pushed))


def _tool() -> str:
    found = next((tool for tool in _TOOLS if shutil.which(tool)), None)
    if found is None:
        sys.exit("error: no docker, podman or buildah here\nhint: apt-get install -y buildah")
    return found


def _run(command: list[str]) -> None:
    print(f"image: {' '.join(command)}", file=sys.stderr, flush=True)
    done = subprocess.run(command, check=False, stdout=sys.stderr)
    if done.returncode:
        sys.exit(f"error: this command failed: {' '.join(command)}")


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=_ROOT).stdout.strip()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="image.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    verbs = made.add_subparsers(dest="verb", required=True)
    building, basing, pushing = (verbs.add_parser(name) for name in ("build", "base", "push"))
    pushing.add_argument("registry")
    for verb in (building, pushing):
        verb.add_argument("images", nargs="*", help=", ".join(targets()))
        verb.add_argument(
            "--torch", choices=("cpu", "cuda"), default="cpu", help="which build of torch the predictor has"
        )
        verb.add_argument("--tool", choices=_TOOLS, default=None)
    building.add_argument("--base", help="instead of the Dockerfile's BASE_IMAGE")
    building.add_argument("--pip-config", type=Path, help="a pip.conf: which index, which certificate")
    building.add_argument(
        "--mount", type=Path, action="append", default=[], help="a folder that it names (podman, buildah)"
    )
    building.set_defaults(run=build)
    basing.add_argument("tag")
    basing.add_argument("--mirror", help="a URL; by default the one that debootstrap knows")
    basing.set_defaults(run=base)
    pushing.set_defaults(run=push)
    return made


def main() -> None:
    """Do what the command line says."""
    options = parser().parse_args()
    if getattr(options, "tool", "") is None:
        options.tool = _tool()
    unknown = set(getattr(options, "images", ())) - set(targets())
    if unknown:
        sys.exit(f"error: no image {', '.join(sorted(unknown))}\nhint: there are {', '.join(targets())}")
    options.run(options)


if __name__ == "__main__":
    os.chdir(_ROOT)
    main()
