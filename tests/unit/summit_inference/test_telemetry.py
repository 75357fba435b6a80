import json
import logging
import sys

from summit_inference.context import RequestContext, working_on
from summit_inference.telemetry import JsonFormatter


def _line(record: logging.LogRecord) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(JsonFormatter("gateway").format(record))
    return parsed


def _record(message: str, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelname": "INFO", **fields})


def test_a_record_is_one_json_object_with_its_fields() -> None:
    line = _line(_record("batch computed", tokens=512, path=object))
    assert (line["event"], line["component"], line["level"], line["tokens"]) == (
        "batch computed",
        "gateway",
        "info",
        512,
    )


def test_a_line_break_in_a_value_stays_inside_the_line() -> None:
    assert "\n" not in JsonFormatter("x").format(_record("a\nb", field="c\nd"))


def test_a_record_carries_the_ids_of_the_request_it_was_made_in() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with working_on(RequestContext("abc", trace={"traceparent": trace})):
        line = _line(_record("anything"))
    assert (line["request_id"], line["trace_id"]) == ("abc", "4bf92f3577b34da6a3ce929d0e0e4736")
    assert "request_id" not in _line(_record("anything"))


def test_an_error_carries_its_traceback() -> None:
    try:
        json.loads("boom")
    except ValueError:
        record = _record("failed", exc_info=sys.exc_info())
    assert "JSONDecodeError" in str(_line(record)["traceback"])
