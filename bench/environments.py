"""An environment for each peer, outside the project, made of its pinned requirements the first time it is needed."""

import hashlib
import subprocess
import sys
from pathlib import Path

CACHE = Path.home() / ".cache" / "summit-bench"
PEERS = Path(__file__).parent / "peers"
_MARK = ".requirements.sha256"


def python_of(peer: str, cache: Path) -> Path:
    """The Python of the peer's environment, which is made or brought up to date. Takes minutes, once."""
    requirements, folder = PEERS / peer / "requirements.txt", cache / peer
    python, digest = folder / "bin" / "python", hashlib.sha256(requirements.read_bytes()).hexdigest()
    mark = folder / _MARK
    if mark.is_file() and mark.read_text() == digest:
        return python
    sys.stderr.write(f"{peer}: installing {requirements.name} into {folder} (about 1.2 GB)\n")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    mark.write_text(digest)
    return python
