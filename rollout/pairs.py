"""The pairs that one machine runs, one a served model version: started, stopped and looked at while the platform runs.

Which pairs there shall be is one file, so that a restart of anything finds them again; the process manager follows it.
"""

import fcntl
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rollout.pair import SLOTS, Pair
from serving.supervisor import ProcessState, Supervisor
from summit_inference.errors import ConfigurationError
from summit_inference.routes_document import ModelVersion

OWNER = "pairs"
_START_SECONDS = 5.0
"""At most, between a pair's declaration and the start of its processes: a start after that is another one."""
_ENDED = frozenset({"BACKOFF", "EXITED", "FATAL"})
_ERROR = re.compile(r"error: |[A-Za-z_.]+(Error|Exception|Interrupt)\b")
_LINE_CHARACTERS = 300


class Pairs(Protocol):
    """What runs the processes of a model version."""

    def all(self) -> Sequence[Pair]:
        """Every pair that is asked for, whether its processes live or not."""

    def start(self, model_version: str, directory: Path) -> Pair:
        """Ask for a pair of this version; one that is asked for already stays as it is."""

    def stop(self, model_version: str) -> None:
        """End the pair of this version and free its ports; no pair is no error."""

    def keep(self, model_version: str) -> None:
        """End every pair but that of this version."""

    def crashes(self, model_version: str) -> int:
        """How often one of its processes has ended by itself since the pair was asked for, as far as was seen."""

    def last_words(self, model_version: str) -> str:
        """The error that ended a process of the pair last; empty where none is known."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    model_version: ModelVersion
    slot: int = Field(ge=0, lt=SLOTS)
    directory: Path
    declared_at: float = 0.0


_Entries = TypeAdapter(list[_Entry])


@dataclass(frozen=True, slots=True)
class PairsFile:
    """The pairs that are asked for."""

    path: Path
    port_offset: int

    def read(self) -> list[Pair]:
        """The pairs, none where there is no file.

        Raises:
            ConfigurationError: it holds something else.
        """
        if not self.path.exists():
            return []
        try:
            entries = _Entries.validate_json(self.path.read_bytes())
        except ValidationError:
            raise ConfigurationError(f"{self.path} is not what `summit up` wrote; remove it and start again") from None
        return [Pair(e.model_version, e.slot, e.directory, self.port_offset, e.declared_at) for e in entries]

    def write(self, pairs: Sequence[Pair]) -> None:
        """Replace the file."""
        entries = [_Entry.model_validate(pair, from_attributes=True) for pair in pairs]
        beside = self.path.with_suffix(".new")
        beside.write_bytes(_Entries.dump_json(entries))
        beside.replace(self.path)

    @contextmanager
    def sole_use(self) -> Iterator[None]:
        """Hold off other writers."""
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class SupervisedPairs:
    """`Pairs` of the process manager."""

    def __init__(self, file: PairsFile, supervisor: Supervisor, clock: Callable[[], float] = time.time) -> None:
        self._file, self._supervisor, self._clock = file, supervisor, clock
        self._starts: defaultdict[tuple[str, float], set[float]] = defaultdict(set)

    def all(self) -> list[Pair]:
        return self._file.read()

    def start(self, model_version: str, directory: Path) -> Pair:
        with self._file.sole_use():
            pairs = self._file.read()
            pair = of_version(pairs, model_version)
            if pair is None:
                pair = Pair(model_version, free_slot(pairs), directory, self._file.port_offset, self._clock())
                self._file.write([*pairs, pair])
            self._follow()
        return pair

    def stop(self, model_version: str) -> None:
        self._keep(lambda pair: pair.model_version != model_version)

    def keep(self, model_version: str) -> None:
        self._keep(lambda pair: pair.model_version == model_version)

    def renew(self, is_wanted: Callable[[Pair], bool]) -> None:
        """Drop every pair but these, whose processes are about to start anew."""
        with self._file.sole_use():
            now = self._clock()
            self._file.write([replace(pair, declared_at=now) for pair in self._file.read() if is_wanted(pair)])

    def declare(self) -> None:
        """Write the pairs down for the manager, which is not running yet."""
        programs = [program for pair in self._file.read() for program in pair.programs()]
        self._supervisor.declare(OWNER, programs)

    def crashes(self, model_version: str) -> int:
        pair = of_version(self._file.read(), model_version)
        if pair is None:
            return 0
        mine = [each for each in self._supervisor.processes() if each.name in pair.process_names]
        for process in mine:
            self._starts[process.name, pair.declared_at].add(process.started_at)
        seen = sum(len(self._starts[process.name, pair.declared_at] - {0.0}) - 1 for process in mine)
        return max(seen, int(has_crashed(pair, mine)))

    def last_words(self, model_version: str) -> str:
        pair = of_version(self._file.read(), model_version)
        logs = [self._supervisor.log_of(name) for name in pair.process_names] if pair else []
        return next(filter(None, map(_last_error, logs)), "")

    def _keep(self, is_wanted: Callable[[Pair], bool]) -> None:
        with self._file.sole_use():
            self._file.write([pair for pair in self._file.read() if is_wanted(pair)])
            self._follow()

    def _follow(self) -> None:
        self.declare()
        self._supervisor.follow()


def of_version(pairs: Sequence[Pair], model_version: str) -> Pair | None:
    """The pair of this version, None where there is none."""
    return next((pair for pair in pairs if pair.model_version == model_version), None)


def free_slot(pairs: Sequence[Pair]) -> int:
    """The lowest range of ports that no pair has.

    Raises:
        ConfigurationError: all are taken.
    """
    taken = {pair.slot for pair in pairs}
    free = next((slot for slot in range(SLOTS) if slot not in taken), None)
    if free is None:
        raise ConfigurationError(
            f"{SLOTS} model versions are served here already; end a rollout with: summit rollout abort"
        )
    return free


def has_crashed(pair: Pair, processes: Iterable[ProcessState]) -> bool:
    """Whether a process of the pair has been started again, or waits for that."""
    return any(
        process.state in _ENDED or process.started_at > pair.declared_at + _START_SECONDS
        for process in processes
        if process.name in pair.process_names
    )


def _last_error(log: Path) -> str:
    """The last line that ends a process: an error of ours, or of a traceback."""
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
    found = next((line for line in reversed(lines) if _ERROR.match(line)), "")
    return found.removeprefix("error: ")[:_LINE_CHARACTERS]
