"""A process of the platform on one machine, as who starts it and who asks after it see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.supervisor import Program


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the platform."""

    program: Program
    ports: Sequence[int]
    ready_url: str
    """`http://…` answers 200, `tcp://…` takes connections; empty: it listens nowhere, and is ready while it runs."""
    purpose: str

    @property
    def name(self) -> str:
        return self.program.name
