"""A batch whose forward pass fails, halved until the one text that breaks it stands alone.

So a poison text costs its neighbours a few more forwards, and no answer. Pure: it knows the forward as a function.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from predictor.packing import TokenLabels, TokenSequence
from summit_inference.errors import InternalError, Overloaded, SummitError

Item = TypeVar("Item")
Forward = Callable[[Sequence[TokenSequence]], list[TokenLabels]]

_log = logging.getLogger(__name__)


def answers(
    forward: Forward,
    items: Sequence[Item],
    sequence_of: Callable[[Item], TokenSequence],
    on_memory_error: Callable[[int], None],
) -> Iterator[tuple[Item, TokenLabels | SummitError]]:
    """Every item once, with its labels or the error that is its own.

    `on_memory_error` hears how many tokens were too many.
    """
    pending = [items] if items else []
    while pending:
        group = pending.pop()
        try:
            labels = forward([sequence_of(item) for item in group])
        except Exception as error:  # noqa: BLE001 - whatever a model raises is one text's, until it is shown to be everyone's
            if isinstance(error, MemoryError):
                on_memory_error(sum(len(sequence_of(item)) for item in group))
            if len(group) == 1:
                yield group[0], _own_error(error)
            else:
                middle = len(group) // 2
                pending += [group[middle:], group[:middle]]
        else:
            yield from zip(group, labels, strict=True)


def _own_error(error: Exception) -> SummitError:
    if isinstance(error, MemoryError):
        _log.error("text too large for memory")
        return Overloaded("The server has no memory left for this text; send it again later, or shorter.")
    _log.error("model failed on a text", exc_info=error)
    return InternalError("The model failed on this text; the server's log has the reason.")
