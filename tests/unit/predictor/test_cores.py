"""Counting cores as the container may use them."""

import os
from pathlib import Path

import pytest

from predictor.cores import available_cores

VISIBLE = len(os.sched_getaffinity(0))


def cgroup(root: Path, **files: str) -> Path:
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, VISIBLE, id="no cgroup"),
        pytest.param({"cpu_DOT_max": "max 100000\n"}, VISIBLE, id="v2 without a quota"),
        pytest.param({"cpu_DOT_max": "100000 100000\n"}, 1, id="v2, one core"),
        pytest.param({"cpu_DOT_max": "50000 100000\n"}, 1, id="v2, half a core"),
        pytest.param({"cpu_DOT_max": "99900000 100000\n"}, VISIBLE, id="v2, more than the machine has"),
        pytest.param(
            {"cpu__cpu_DOT_cfs_quota_us": "-1\n", "cpu__cpu_DOT_cfs_period_us": "100000\n"}, VISIBLE, id="v1, none"
        ),
        pytest.param(
            {"cpu__cpu_DOT_cfs_quota_us": "150000\n", "cpu__cpu_DOT_cfs_period_us": "100000\n"}, 1, id="v1, 1.5"
        ),
        pytest.param({"cpu_DOT_max": "what?\n"}, VISIBLE, id="unreadable"),
    ],
)
def test_a_quota_bounds_the_cores(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert available_cores(cgroup(tmp_path, **files)) == expected
