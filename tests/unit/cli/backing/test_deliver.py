"""What becomes of a message of RabbitMQ, by who takes it."""

import subprocess
from pathlib import Path

import pytest

from cli.backing import sources

DELIVER = Path(sources.__file__).with_name("deliver.sh")
EVENT = '{"id": "1"}\n'


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """Where stand-ins of both programs write what they take, and fail where a file `no-<name>` is."""
    (tmp_path / "bin").mkdir()
    for name, read in (("curl", 'cat "$TMPDIR"/tmp.*'), ("amqp-publish", "cat")):
        lines = ("#!/bin/sh", f'[ ! -e "$TMPDIR/no-{name}" ] || exit 22', f'{read} >"$TMPDIR/{name}"', 'echo "$@" >&2')
        program = tmp_path / "bin" / name
        program.write_text("\n".join([*lines, ""]))
        program.chmod(0o700)
    return tmp_path


def deliver(taken: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(DELIVER), "http://sink/events", "8032", "/key", "dead-letters"]
    environment = {"PATH": f"{taken / 'bin'}:/usr/bin:/bin", "TMPDIR": str(taken)}
    return subprocess.run(command, input=EVENT, text=True, env=environment, check=False, capture_output=True)


def test_what_the_sink_takes_goes_nowhere_else(taken: Path) -> None:
    done = deliver(taken)
    assert done.returncode == 0
    assert (taken / "curl").read_text() == EVENT
    assert not (taken / "amqp-publish").exists()
    assert done.stderr.endswith("http://sink/events\n")


def test_what_it_does_not_take_is_a_dead_letter(taken: Path) -> None:
    (taken / "no-curl").touch()
    done = deliver(taken)
    assert done.returncode == 0
    assert (taken / "amqp-publish").read_text() == EVENT
    assert "--routing-key=dead-letters --persistent" in done.stderr


def test_what_nobody_takes_is_not_acknowledged(taken: Path) -> None:
    (taken / "no-curl").touch()
    (taken / "no-amqp-publish").touch()
    assert deliver(taken).returncode != 0


def test_nothing_is_left_behind(taken: Path) -> None:
    before = set(taken.iterdir())
    deliver(taken)
    assert {path.name for path in set(taken.iterdir()) - before} == {"curl"}
