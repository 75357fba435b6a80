from cli.shots import Ending, Shot, by_version, latency, line, summary


def _shot(version: str = "1", ending: Ending = Ending.ANSWERED, seconds: float = 0.01, note: str = "") -> Shot:
    return Shot(0, version, ending, seconds, note)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    measured = latency([_shot(seconds=number / 1000) for number in range(1, 101)])
    assert (measured.p50_ms, measured.p95_ms, measured.p99_ms) == (50, 95, 99)
    assert latency([_shot(seconds=0.007)]).p99_ms == 7
    assert latency([]).p50_ms is None


def test_a_degraded_answer_counts_for_the_version_that_was_asked() -> None:
    shots = [_shot("1"), _shot("2", Ending.DEGRADED, note="broken"), _shot("2"), _shot("", Ending.FAILED, note="503 x")]
    told = summary(shots)
    assert told["versions"]["2"]["degraded"] == 1
    assert (told["requests"], told["answered"], told["degraded"], told["failed"]) == (4, 2, 1, 1)
    assert told["notes"] == {"broken": 1, "503 x": 1}
    assert list(by_version(shots)) == ["", "1", "2"]


def test_a_line_says_who_answered_and_how_fast() -> None:
    shown = line([_shot("1", seconds=0.012), _shot("2", Ending.DEGRADED)])
    assert shown.startswith("1 answered, 1 degraded, 0 failed")
    assert "p95 12 ms" in shown
    assert "version 1: 1, version 2: 1" in shown
