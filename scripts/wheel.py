"""Build sdist and wheel, install the wheel into a clean environment, and import it there, outside the project."""

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_LIGHT = ("summit_inference.tensors", "fallback.extract", "registry.artifact")
"""Importable with nothing but the project's base dependencies."""


def main() -> None:
    """Raise where a step fails."""
    hatch = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    packages = hatch["build"]["targets"]["wheel"]["packages"]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(_ROOT)], check=True)
        (wheel,) = out.glob("*.whl")
        environment = out / "venv"
        venv.create(environment, with_pip=True)
        python = str(environment / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
        code = "import importlib.util as u, importlib as i\n"
        code += f"assert all(u.find_spec(name) for name in {packages!r})\n"
        code += f"[i.import_module(name) for name in {_LIGHT!r}]\n"
        code += "from fallback.extract import extract\nassert extract('Angela Merkel visited Berlin.')\n"
        subprocess.run([python, "-P", "-c", code], check=True, cwd=out)
        print(f"{wheel.name}: {wheel.stat().st_size / 2**20:.1f} MiB, imports from a clean environment")


if __name__ == "__main__":
    main()
