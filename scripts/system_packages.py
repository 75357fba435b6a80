"""The programs that tests start, from Debian's packages: says which are missing, and installs them where it may."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_PROGRAMS = {
    "chromium": "/usr/bin/chromium",
    "curl": "/usr/bin/curl",
    "prometheus": "/usr/bin/promtool",
    "postgresql": "/usr/lib/postgresql/*/bin/initdb",
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "redis-server": "/usr/bin/redis-server",
}
"""Package → a file that it brings."""
_FOR_LONG_TESTS = {
    "buildah": "/usr/bin/buildah",
    "debootstrap": "/usr/sbin/debootstrap",
    "default-jre-headless": "/usr/bin/java",
    "node-typescript": "/usr/bin/tsc",
}


def main() -> int:
    """Install what is missing; 1, with the line to run, where that is not ours to do."""
    programs = _PROGRAMS | (_FOR_LONG_TESTS if "--long" in sys.argv else {})
    missing = [package for package, file in programs.items() if not any(Path("/").glob(file.lstrip("/")))]
    if not missing:
        return 0
    line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"the tests start programs that are missing here; install them with:\n  sudo {line}", file=sys.stderr)
        return 1
    print(f"installing what the tests start: {line}", file=sys.stderr)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    return subprocess.run(["env", "DEBIAN_FRONTEND=noninteractive", *line.split()], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
