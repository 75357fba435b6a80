"""Logs: one JSON object a line, a constant event and fields, with the ids of the request that was worked on.

Never a caller's text: log counts and ids. Set up once in `__main__`.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from summit_inference import context

_OWN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_QUIET = ("uvicorn", "uvicorn.access", "httpx", "aiohttp.access", "kserve", "kserve.trace", "asyncio")
"""Libraries whose chatter is no event of ours; their warnings still come through."""


class JsonFormatter(logging.Formatter):
    """A record as one line: time, level, event, then the record's `extra` fields."""

    def __init__(self, component: str) -> None:
        super().__init__()
        self._component = component

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "component": self._component,
            "event": record.getMessage(),
        }
        if request := context.current_or_none():
            line["request_id"] = request.request_id
            if trace_id := request.trace_id:
                line["trace_id"] = trace_id
        line |= {key: value for key, value in vars(record).items() if key not in _OWN_ATTRIBUTES}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def set_up_logs(component: str, level: str = "INFO") -> None:
    """Send every record of this process to standard error, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(component))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers.clear()
        logger.propagate = True
