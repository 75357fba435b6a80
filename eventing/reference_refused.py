"""What ends a job because of its object, not of ours."""

from enum import StrEnum


class Refusal(StrEnum):
    """Stable: it stands in the job's `failed` event."""

    SIZE_MISMATCH = "size_mismatch"
    DIGEST_MISMATCH = "digest_mismatch"
    TOO_LARGE = "object_too_large"
    UNREADABLE = "object_unreadable"
    CHANGED = "object_changed"


class ReferenceRefused(Exception):
    """An object is not what its reference says, or cannot be read. Reading it again does not help."""

    def __init__(self, code: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
