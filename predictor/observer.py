"""What the engine tells whoever counts: in the event loop, once a batch or a refusal, and never on a lane."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class DropReason(StrEnum):
    """Why a text got no forward pass."""

    OVERLOADED = "overloaded"
    """On arrival: the queue had no room, or what waited ahead used up the caller's time."""
    HOPELESS = "hopeless"
    """On arrival: its deadline could not be met even if nothing waited ahead."""
    EXPIRED = "expired"
    """Its deadline passed, or came too near, while it waited."""
    CANCELLED = "cancelled"
    """Its caller went away."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch, as it was computed.

    Units: seconds; `waits_seconds` has an entry a text, from arrival until a lane took it.
    """

    lane: int
    tokens: int
    computed_tokens: int
    """With padding: equal to `tokens` where the forward is packed."""
    waits_seconds: tuple[float, ...]
    compute_seconds: float
    """Time that the lane was busy."""
    failed: int
    """Texts on which the model failed."""


class EngineObserver(Protocol):
    """Counts, or ignores, what the engine does."""

    def batch_computed(self, report: BatchReport) -> None:
        """A lane finished a batch."""

    def dropped(self, reason: DropReason, texts: int) -> None:
        """Texts were dropped before they were computed."""

    def queue_changed(self, tokens: int) -> None:
        """So many tokens wait now."""


class Unobserved:
    """Ignores everything."""

    def batch_computed(self, report: BatchReport) -> None:
        """See `EngineObserver`."""

    def dropped(self, reason: DropReason, texts: int) -> None:
        """See `EngineObserver`."""

    def queue_changed(self, tokens: int) -> None:
        """See `EngineObserver`."""
