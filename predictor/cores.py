"""How many cores this process may use: what its affinity shows, cut to the quota of its container.

Python's own counts see the machine, not the quota; a lane too many makes every lane slower.
"""

import os
from pathlib import Path

_QUOTA_FILES = (
    ("sys/fs/cgroup/cpu.max",),
    ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
"""Of cgroup v2, then v1, as a container sees its own."""


def available_cores(root: Path = Path("/")) -> int:
    """Whole cores, at least 1: half a core of quota is still one lane."""
    visible = len(os.sched_getaffinity(0))
    quota = next((quota for names in _QUOTA_FILES if (quota := _quota(root, names)) is not None), float(visible))
    return max(1, min(visible, int(quota)))


def _quota(root: Path, names: tuple[str, ...]) -> float | None:
    """The quota in cores; None where these files are not there or set none (`max`, `-1`)."""
    try:
        limit, period = " ".join((root / name).read_text() for name in names).split()
    except (OSError, ValueError):
        return None
    return int(limit) / int(period) if limit.isdigit() and int(period) else None
