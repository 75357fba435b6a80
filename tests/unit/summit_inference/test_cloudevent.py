"""The codec of CloudEvents: what it takes, what it refuses, and that both modes carry the same."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_inference.cloudevent import (
    STRUCTURED_TYPE,
    Event,
    HttpMessage,
    binary_encoded,
    decoded,
    structured_decoded,
    structured_encoded,
)
from summit_inference.errors import InvalidRequest

_REQUIRED = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/here"), ("ce-type", "a.b")]
_DOCUMENT = {"specversion": "1.0", "id": "1", "source": "/here", "type": "a.b"}


def _binary(*headers: tuple[str, str], body: bytes = b"") -> Event:
    return decoded(HttpMessage([*_REQUIRED, *headers], body))


def _structured(**members: object) -> Event:
    return decoded(HttpMessage([("content-type", STRUCTURED_TYPE)], json.dumps(_DOCUMENT | members).encode()))


_texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="\ufffe\uffff"), min_size=1, max_size=20
)
_names = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20).filter(
    lambda name: (
        name not in {"id", "source", "type", "subject", "time", "data", "dataschema", "datacontenttype"}
        and name != "specversion"
    )
)
_uris = st.text(string.ascii_letters + string.digits + "/:._~-", min_size=1, max_size=20)
_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_json_data = _values.filter(lambda value: value is not None).map(
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
)
_bodies = st.tuples(st.just("application/json"), _json_data) | st.tuples(
    st.sampled_from([None, "application/octet-stream", "text/plain; charset=utf-8"]), st.binary(max_size=30)
)


@st.composite
def _events(draw: st.DrawFn) -> Event:
    content_type, data = draw(_bodies)
    return Event(
        id=draw(_texts),
        source=draw(_uris),
        type=draw(_texts),
        subject=draw(st.none() | _texts),
        time=draw(st.none() | st.sampled_from(["2026-04-05T17:31:00Z", "2016-12-31T23:59:60.1234567890+01:00"])),
        datacontenttype=content_type,
        dataschema=draw(st.none() | st.just("https://schema.example/1")),
        extensions=draw(st.dictionaries(_names, _texts, max_size=3)),
        data=data,
    )


@given(_events())
def test_binary_mode_brings_back_what_was_sent(event: Event) -> None:
    message = binary_encoded(event)
    assert all(value.isascii() for name, value in message.headers if name.startswith("ce-"))
    assert decoded(message) == event


@given(_events())
def test_structured_mode_brings_back_what_was_sent(event: Event) -> None:
    assert decoded(structured_encoded(event)) == event


@given(st.binary(max_size=80))
def test_a_structured_body_is_an_event_or_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        structured_decoded(body)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀", id="percent-encoded UTF-8"),
        pytest.param("Euro%20%e2%82%ac", "Euro €", id="in lower case"),
        pytest.param("plain text", "plain text", id="a space that should have been encoded"),
        pytest.param('"in \\"quotes\\""', 'in "quotes"', id="a quoted string"),
        pytest.param('"%22"', '"', id="unquoted first, then decoded once"),
        pytest.param("%2541", "%41", id="decoded once only"),
        pytest.param('"unfinished', '"unfinished', id="half a quoted string is itself"),
    ],
)
def test_header_values_are_unquoted_and_percent_decoded(sent: str, read: str) -> None:
    assert _binary(("ce-subject", sent)).subject == read


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param([("ce-subject", "100%")], "percent", id="a percent sign that encodes nothing"),
        pytest.param([("ce-subject", "%ff")], "UTF-8", id="bytes that are no UTF-8"),
        pytest.param([("ce-subject", "é")], "ASCII", id="a raw byte over 127"),
        pytest.param([("ce-subject", "%00")], "character", id="a control character"),
        pytest.param([("ce-subject", "%EF%BF%BF")], "character", id="a non-character"),
        pytest.param([("ce-id", "2")], "twice", id="an attribute twice"),
        pytest.param([("CE-ID", "2")], "twice", id="in another case too"),
        pytest.param([("ce-some_name", "1")], "name", id="a name with an underscore"),
        pytest.param([("ce-", "1")], "name", id="no name"),
        pytest.param([("ce-data", "{}")], "name", id="data as an attribute"),
        pytest.param([("ce-datacontenttype", "text/plain")], "Content-Type", id="the content type as an attribute"),
        pytest.param([("ce-time", "yesterday")], "RFC 3339", id="no time"),
        pytest.param([("ce-time", "2026-02-30T00:00:00Z")], "RFC 3339", id="a day that there is not"),
        pytest.param([("ce-time", "2026-02-03 00:00:00Z")], "RFC 3339", id="a time with a space"),
        pytest.param([("ce-time", "2026-02-03T00:00:00")], "RFC 3339", id="a time without a zone"),
        pytest.param([("ce-dataschema", "/relative")], "absolute", id="a relative schema"),
        pytest.param([("ce-subject", "")], "empty", id="an empty subject"),
        pytest.param([("content-type", "text")], "media type", id="no media type"),
    ],
)
def test_what_breaks_the_specification_is_refused(headers: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        _binary(*headers)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_a_required_attribute_may_not_be_missing(name: str) -> None:
    headers = [(header, value) for header, value in _REQUIRED if header != f"ce-{name}"]
    with pytest.raises(InvalidRequest, match=name):
        decoded(HttpMessage(headers, b""))
    document = {member: value for member, value in _DOCUMENT.items() if member != name}
    with pytest.raises(InvalidRequest, match=name):
        structured_decoded(json.dumps(document).encode())


@pytest.mark.parametrize("version", ["0.3", "1", "1.0.2", "2.0"])
def test_another_version_of_the_specification_is_refused(version: str) -> None:
    with pytest.raises(InvalidRequest, match="specversion"):
        _structured(specversion=version)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        pytest.param({"data": {}, "data_base64": "AA=="}, "both", id="data twice"),
        pytest.param({"data_base64": "A"}, "base64", id="no base64"),
        pytest.param({"data_base64": 1}, "string", id="a number as base64"),
        pytest.param({"data": {}, "datacontenttype": "text/plain"}, "string", id="an object as text"),
        pytest.param({"subject": {"a": 1}}, "string", id="an object as attribute"),
        pytest.param({"number": 1.5}, "string", id="a fraction as attribute"),
        pytest.param({"number": 2**31}, "32-bit", id="a number over 32 bits"),
        pytest.param({"Name": "a"}, "lower-case", id="a name with a capital"),
        pytest.param({"source": "a b"}, "URI", id="a source with a space"),
        pytest.param({"subject": "\ud800"}, "character", id="half a surrogate pair"),
        pytest.param({"data": "\ud800"}, "UTF-8", id="half a surrogate pair in the data"),
    ],
)
def test_a_structured_event_that_breaks_the_format_is_refused(members: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        _structured(**members)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"specversion":"1.0","id":"1","id":"2","source":"/","type":"a"}', id="a member twice"),
        pytest.param(b'{"specversion":"1.0","id":"1","source":"/","type":"a","data":NaN}', id="not a number"),
        pytest.param("\ufeff{}".encode(), id="a byte order mark"),
        pytest.param(b"[" * 100_000, id="a deep nest"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_json_that_readers_disagree_about_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="JSON"):
        structured_decoded(body)


def test_booleans_and_numbers_become_their_canonical_text() -> None:
    event = _structured(flag=True, other=False, number=-7, nothing=None)
    assert event.extensions == {"flag": "true", "other": "false", "number": "-7"}


def test_null_data_is_no_data() -> None:
    assert _structured(data=None).data == b""


def test_data_without_a_content_type_is_json_in_structured_mode() -> None:
    assert _structured(data={"a": [1, "é"]}).data == '{"a":[1,"é"]}'.encode()


def test_data_that_is_not_the_json_it_claims_to_be_survives_in_base64() -> None:
    event = Event(id="1", source="/", type="a", datacontenttype="application/json", data=b"{")
    assert decoded(structured_encoded(event)) == event


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents-batch+json", "application/cloudevents+avro", "application/cloudevents"],
)
def test_batches_and_other_formats_are_refused(content_type: str) -> None:
    with pytest.raises(InvalidRequest, match="one event a request"):
        decoded(HttpMessage([("content-type", content_type)], b"[]"))


def test_the_content_type_decides_the_mode_whatever_headers_come_besides() -> None:
    document = json.dumps(_DOCUMENT | {"id": "inner"}).encode()
    headers = [*_REQUIRED, ("Content-Type", "Application/CloudEvents+JSON; charset=UTF-8")]
    assert decoded(HttpMessage(headers, document)).id == "inner"


def test_a_structured_event_in_another_charset_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="UTF-8"):
        decoded(HttpMessage([("content-type", f"{STRUCTURED_TYPE}; charset=latin-1")], b"{}"))


def test_a_request_that_is_no_event_is_told_how_to_become_one() -> None:
    with pytest.raises(InvalidRequest, match="ce-"):
        decoded(HttpMessage([("content-type", "application/json")], b"{}"))


def test_an_event_within_an_event_does_not_travel_in_binary_mode() -> None:
    event = Event(id="1", source="/", type="a", datacontenttype=STRUCTURED_TYPE, data=b"{}")
    with pytest.raises(InvalidRequest, match="structured mode"):
        binary_encoded(event)
    assert decoded(structured_encoded(event)) == event
