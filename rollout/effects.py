"""What a rollout can do to the world. `plan.decide` gives at most one; an adapter does it.

Every effect may come again, after a crash or before its result is seen, and must then change nothing more. It says all
that it needs, so that an adapter decides nothing.
"""

from dataclasses import dataclass
from typing import Literal

from rollout.state import ExactVersion


@dataclass(frozen=True, slots=True)
class StartDark:
    """Have the candidate started and given no traffic: its spec and 0 percent in the same patch.

    With no champion it is deployed directly, and gets what there is: nobody is served by anything else.
    """

    candidate: ExactVersion
    champion: ExactVersion | None


@dataclass(frozen=True, slots=True)
class SetTraffic:
    """Give the candidate this percent of the callers' requests, and the champion the rest.

    In the routes document and in the backend's own split; downwards the document goes first, upwards the split does.
    """

    candidate: ExactVersion
    champion: ExactVersion | None
    """None where nothing served before: then the percent is 100."""
    percent: int


@dataclass(frozen=True, slots=True)
class SetShadow:
    """Have the gateway send the candidate copies of this percent of the champion's requests. The split stays."""

    candidate: ExactVersion
    champion: ExactVersion
    percent: int


@dataclass(frozen=True, slots=True)
class SendGolden:
    """Ask the candidate's own host all golden requests; the answer is a `GoldenReport`. They count as no evidence."""

    candidate: ExactVersion


@dataclass(frozen=True, slots=True)
class Restore:
    """Have the champion's exact spec stand again where the candidate's stands, at 0 percent in the same patch.

    Where versions have processes of their own, there is nothing to restore.
    """

    champion: ExactVersion
    candidate: ExactVersion


@dataclass(frozen=True, slots=True)
class Settle:
    """End the split: this version alone serves, the others are let go, and no field of a canary is left."""

    version: ExactVersion


@dataclass(frozen=True, slots=True)
class MoveAlias:
    """Let the alias name the version, if it still names `expected` (None: nothing); else change nothing."""

    alias: Literal["champion", "previous"]
    version: str
    expected: str | None


@dataclass(frozen=True, slots=True)
class TagVersion:
    """Say on the version's page in the registry how its rollout stands. Never read to decide anything else."""

    version: str
    tags: tuple[tuple[str, str], ...]
    """`rollout.state`, `rollout.reason`, `rollout.id`."""


@dataclass(frozen=True, slots=True)
class PublishReport:
    """Write the rollout's report, log it with the candidate's run, and tag the version with where it is."""

    version: ExactVersion
    rollout_id: str


Effect = (
    StartDark | SetTraffic | SetShadow | SendGolden | Restore | Settle | MoveAlias | TagVersion | PublishReport
)  # fmt: skip
