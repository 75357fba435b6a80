"""The flags that KServe's controller appends to a container's command, and that people know from its SDK."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.listener import Address

_log = logging.getLogger(__name__)


class ListenSettings(Protocol):
    """What the settings of both stages say about their ports."""

    @property
    def listen_host(self) -> str: ...

    @property
    def listen_port(self) -> int: ...

    @property
    def grpc_port(self) -> int: ...

    @property
    def drain_seconds(self) -> float: ...

    @property
    def grace_seconds(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line asks for; None where it is silent and the settings count."""

    http_port: int | None
    grpc_port: int | None
    model_name: str | None
    predictor_host: str | None

    def address(self, settings: ListenSettings) -> Address:
        """Where to listen: as the settings say, but for the ports that the command line names."""
        return Address(
            settings.listen_host,
            self.http_port or settings.listen_port,
            self.grpc_port or settings.grpc_port,
            settings.drain_seconds,
            settings.grace_seconds,
        )


def arguments(argv: Sequence[str]) -> Arguments:
    """The flags of `argv` that mean something to us; all others of the SDK, or of a later one, pass by.

    KServe turns `containerConcurrency: N` into `--workers N`. One process serves whatever it says: the engine has its
    own lanes, and more processes would each hold the weights and split the metrics.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for flag, kind in (
        ("http_port", int),
        ("grpc_port", int),
        ("model_name", str),
        ("predictor_host", str),
        ("workers", int),
    ):
        parser.add_argument(f"--{flag}", type=kind)
    found, others = parser.parse_known_args(argv)
    if (found.workers or 1) > 1:
        _log.warning("one process serves, whatever --workers says", extra={"workers": found.workers})
    if others:
        _log.info("flags passed by", extra={"flags": others})
    return Arguments(found.http_port, found.grpc_port, found.model_name, found.predictor_host)
