"""The programs that tests and `make up-full` start, from Debian's packages: installs what is missing, where it may.

system_packages.py            for `make test`
system_packages.py --long     and for `make test-long`
system_packages.py --full     for `make up-full` alone
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cli.backing.programs import missing_packages

_FOR_TESTS = {"chromium": "/usr/bin/chromium"}
"""Package → a file that it brings: what tests start besides the servers of `make up-full`."""
_FOR_LONG_TESTS = {
    "buildah": "/usr/bin/buildah",
    "debootstrap": "/usr/sbin/debootstrap",
    "default-jre-headless": "/usr/bin/java",
    "node-typescript": "/usr/bin/tsc",
}


def main() -> int:
    """Install what is missing; 1, with the line to run, where that is not ours to do."""
    missing = _missing()
    if not missing:
        return 0
    line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"programs are missing here; install them with:\n  sudo {line}", file=sys.stderr)
        return 1
    print(f"installing what is missing here: {line}", file=sys.stderr)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    return subprocess.run(["env", "DEBIAN_FRONTEND=noninteractive", *line.split()], check=False).returncode


def _missing() -> list[str]:
    files = {} if "--full" in sys.argv else _FOR_TESTS | (_FOR_LONG_TESTS if "--long" in sys.argv else {})
    return [*(package for package, file in files.items() if not Path(file).exists()), *missing_packages()]


if __name__ == "__main__":
    sys.exit(main())
