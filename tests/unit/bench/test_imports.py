"""What Python says of its imports, read."""

import pytest

from bench.imports import Imported, beyond, packages

REPORT = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _io
import time:      2000 |       2100 | json
import time:      1500 |       1500 |     json.decoder
Loading weights: 100%|####| 103/103 [00:00<00:00]
import time:       500 |       4000 | predictor.app
"""


def test_modules_are_summed_by_package() -> None:
    found = packages(REPORT)
    assert found.keys() == {"_io", "json", "predictor"}
    assert found["json"].modules == 2
    assert found["json"].milliseconds == pytest.approx(3.5)


def test_only_what_the_base_lacks_counts_and_the_slowest_is_first() -> None:
    found = {"torch": Imported(9, 900.0), "a": Imported(1, 1.0), "b": Imported(1, 7.0)}
    assert list(beyond(found, {"torch": Imported(1, 1.0)})) == ["b", "a"]
