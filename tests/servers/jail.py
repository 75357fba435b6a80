"""A command inside of an image's files, as the kubelet runs it: read-only root, /tmp of its own, a user, no powers."""

from collections.abc import Mapping
from pathlib import Path

_SCRIPT = """
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind /dev "$root/dev"
mount -o remount,ro,bind "$root" "$root"
exec chroot "$root" setpriv --reuid=65532 --regid=65532 --clear-groups --bounding-set=-all --inh-caps=-all \\
    --no-new-privs "$@"
"""


def jailed(root: Path, environment: Mapping[str, str], *command: str) -> list[str]:
    """The command to start, by root; the network is this machine's."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    start = ["unshare", "--mount", "--fork", "--kill-child", "sh", "-ec", _SCRIPT, "jail", str(root)]
    return [*start, "/usr/bin/env", "-i", *variables, *command]
