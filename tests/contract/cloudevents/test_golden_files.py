"""The bytes of events, pinned: what is taken, as what, and what is refused, with which sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from cloudevents.http import from_http

from summit_inference.cloudevent import Event, HttpMessage, binary_encoded, decoded, structured_encoded
from summit_inference.errors import InvalidRequest
from summit_inference.events import ChunkData, CompletedData, EventData, FailedData, RequestedData, data_of

_FILES = sorted((Path(__file__).resolve().parents[2] / "testdata" / "cloudevents").glob("*.json"))
_KINDS: tuple[type[EventData], ...] = (RequestedData, ChunkData, CompletedData, FailedData)
TAKEN = [path for path in _FILES if not path.name.startswith("refused-")]
REFUSED = [path for path in _FILES if path.name.startswith("refused-")]


def _golden(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return parsed


def _message(golden: dict[str, Any]) -> HttpMessage:
    return HttpMessage([(name, value) for name, value in golden["headers"]], golden["body"].encode())


def _event(golden: dict[str, Any]) -> Event:
    members = dict(golden["event"])
    return Event(**members | {"data": members.get("data", "").encode()})


@pytest.mark.parametrize("path", TAKEN, ids=lambda path: path.stem)
def test_the_event_is_read_as_it_was_meant(path: Path) -> None:
    golden = _golden(path)
    assert decoded(_message(golden)) == _event(golden)


@pytest.mark.parametrize("path", TAKEN, ids=lambda path: path.stem)
def test_the_event_is_written_as_it_stands_there(path: Path) -> None:
    golden = _golden(path)
    is_structured = golden["headers"][0][0] == "content-type"
    written = structured_encoded(_event(golden)) if is_structured else binary_encoded(_event(golden))
    assert sorted(written.headers) == sorted(map(tuple, golden["headers"]))
    if is_structured and "data_base64" not in golden["body"]:
        assert json.loads(written.body) == json.loads(golden["body"])
    elif not is_structured:
        assert written.body.decode() == golden["body"]


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_what_is_refused_says_why(path: Path) -> None:
    golden = _golden(path)
    with pytest.raises(InvalidRequest) as refused:
        decoded(_message(golden))
    assert refused.value.message == golden["error"]


@pytest.mark.parametrize("path", TAKEN, ids=lambda path: path.stem)
def test_data_of_ours_follows_its_schema(path: Path) -> None:
    event = decoded(_message(_golden(path)))
    kind = {kind.event_type: kind for kind in _KINDS}.get(event.type)
    if kind is not None:
        assert data_of(event, kind).model_dump_json(exclude_unset=True).encode() == event.data


@pytest.mark.parametrize("path", [path for path in TAKEN if "percent" not in path.name], ids=lambda path: path.stem)
@pytest.mark.parametrize("encoded", [binary_encoded, structured_encoded], ids=["binary", "structured"])
def test_another_implementation_reads_the_same(path: Path, encoded: Any) -> None:
    event = _event(_golden(path))
    message = encoded(event)
    read = from_http(dict(message.headers), message.body)
    attributes = {name: value for name, value in read.get_attributes().items() if name not in {"specversion", "time"}}
    assert attributes == dict(event.attributes())
