"""Where flags are kept: a hash in Redis, or a file on one machine. The gateway reads them, `summit flags` writes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import TypeAdapter, ValidationError

from gateway.flags import Entries, number_of
from gateway.text_file import TextFile, replace_file
from summit_inference.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.redis_store import RedisStore

REDIS_KEY = "summit:flags"
_Entries = TypeAdapter(dict[str, str])


class FlagStore(Protocol):
    """A place of flags."""

    async def read(self) -> Entries:
        """All that is set.

        Raises:
            OSError: the place cannot be reached.
            ConfigurationError: what is there are no flags.
        """

    async def write(self, name: str, text: str | None) -> None:
        """Set a flag, or with None remove it, whatever others set at the same time."""


async def change_flag(store: FlagStore, name: str, text: str | None) -> None:
    """Set a flag, or with None remove it; gateways follow within a second.

    Raises:
        InvalidRequest: there is no such flag, or it does not take this value.
        OSError: the store cannot be reached.
    """
    if text is not None:
        number_of(name, text)
    await store.write(name, text)


class RedisFlags:
    """Flags in one hash of Redis, `summit:flags`."""

    def __init__(self, store: "RedisStore") -> None:
        self._store = store

    async def read(self) -> Entries:
        return await self._store.hash_of(REDIS_KEY)

    async def write(self, name: str, text: str | None) -> None:
        if text is None:
            await self._store.drop_field(REDIS_KEY, name)
        else:
            await self._store.set_field(REDIS_KEY, name, text)


class FileFlags:
    """Flags in one JSON file: an object of texts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = TextFile[Entries](path, _entries, {})

    async def read(self) -> Entries:
        return await self._file.read()

    async def write(self, name: str, text: str | None) -> None:
        with _locked(self._path):
            entries = dict(await TextFile[Entries](self._path, _entries, {}).read())
            entries.pop(name, None)
            if text is not None:
                entries[name] = text
            replace_file(self._path, _Entries.dump_json(entries))


def _entries(content: bytes) -> Entries:
    try:
        return _Entries.validate_json(content)
    except ValidationError:
        raise ConfigurationError("The flags file must be a JSON object whose values are texts.") from None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold off other writers of the file, in this process and in others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
