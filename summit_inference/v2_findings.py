"""Everything that is wrong with a message, said at once: a caller mends it in one go."""

from collections.abc import Iterator
from contextlib import contextmanager

from summit_inference.errors import CallerError

_SAID_AT_ONCE = 5


class Findings:
    """Collects the errors of a message's parts."""

    def __init__(self) -> None:
        self._errors: list[CallerError] = []

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Keep an error of the body, told with the place where it is, and go on behind the body."""
        try:
            yield
        except CallerError as error:
            self._errors.append(type(error)(f"{place}: {error.message}"))

    def raise_any(self) -> None:
        """Raise what was found, as an error of the first one's class; do nothing if all is well."""
        if not self._errors:
            return
        sentences = [error.message for error in self._errors[:_SAID_AT_ONCE]]
        unsaid = len(self._errors) - len(sentences)
        if unsaid:
            sentences.append(f"There are {unsaid} more.")
        raise type(self._errors[0])(" ".join(sentences))
