"""The state of rollouts on one machine: a file a model, replaced as a whole, by whoever has seen the last one."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from rollout.state import ModelRollout, Spec, Status
from rollout.world import StateStore, StatusConflict
from summit_inference.errors import ConfigurationError


class StateFile:
    """A `StateStore` in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> ModelRollout | None:
        """The resource, None where there is none.

        Raises:
            ConfigurationError: the file holds something else.
        """
        path = self._path(name)
        try:
            return ModelRollout.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise ConfigurationError(f"{path} is no state of a rollout; move it away, and what serves stays") from None

    def write_status(self, seen: ModelRollout, status: Status) -> ModelRollout:
        return self._write(seen, lambda: seen.model_copy(update={"status": status}))

    def write_spec(self, seen: ModelRollout, spec: Spec) -> ModelRollout:
        return self._write(seen, lambda: seen.model_copy(update={"spec": spec}))

    @contextmanager
    def sole_control(self) -> Iterator[None]:
        """Wait until no other controller of this directory lives, and keep others from it."""
        with self._locked("controller"):
            yield

    def _write(self, seen: ModelRollout, changed: Callable[[], ModelRollout]) -> ModelRollout:
        with self._locked(seen.name):
            present = self.read(seen.name)
            if (present.resource_version if present else "") != seen.resource_version:
                raise StatusConflict(seen.name)
            number = int(seen.resource_version or 0) + 1
            written = changed().model_copy(update={"resource_version": str(number)})
            self._replace(self._path(seen.name), written.model_dump_json(indent=1).encode())
        return written

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @staticmethod
    def _replace(path: Path, content: bytes) -> None:
        beside = path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def forget_champion(store: StateStore, name: str) -> None:
    """Let the next controller find out what serves: while none ran, somebody may have changed it."""
    rollout = store.read(name)
    if rollout and rollout.status.phase.is_over and rollout.status.champion:
        store.write_status(rollout, rollout.status.model_copy(update={"champion": None}))
