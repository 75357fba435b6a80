"""CloudEvents 1.0 over HTTP: a message's headers and body ⇄ an event. Pure, and strict about what it takes.

Binary mode carries the attributes in `ce-…` headers and the data as the body; structured mode carries all of it in one
JSON document. Batched mode is refused: one event is the unit of work, of retry and of dead-lettering.
Extensions are strings here, in the canonical form of their type. Why not the SDK: `docs/decisions/0010`.
Source: CloudEvents 1.0.2, its JSON format and its HTTP protocol binding.
"""

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from summit_inference.errors import InvalidRequest

SPECVERSION = "1.0"
STRUCTURED_TYPE = "application/cloudevents+json"
_ANY_STRUCTURED = "application/cloudevents"
_HEADER_PREFIX = "ce-"
_CONTENT_TYPE = "content-type"

_NAME = re.compile(r"[a-z0-9]+", re.ASCII)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_URI_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_MEDIA_TYPE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;[\x20-\x7e]*[\x21-\x7e])?", re.ASCII)
_JSON_TYPE = re.compile(r"[^/;\s]+/(?:json|[^/;\s]+\+json)\s*(?:;.*)?", re.ASCII | re.IGNORECASE)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TO_PERCENT_ENCODE = re.compile(
    "[^\x21\x23\x24\x26-\x7e]"
)  # HTTP binding 3.1.3.2: space, double quote, percent, others
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")  # 1.0.2, type system: String
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_INT32 = range(-(2**31), 2**31)

_REQUIRED = ("id", "source", "type")
_OPTIONAL = ("subject", "time", "datacontenttype", "dataschema")
_NO_EXTENSION = frozenset({*_REQUIRED, *_OPTIONAL, "specversion", "data"})

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """What of an HTTP request or response carries an event. Header names in any case, repeated ones as they came."""

    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `(source, id)` is its identity: a second event with both is the first one again.

    Raises:
        InvalidRequest: an attribute is not what the specification allows.
    """

    id: str
    source: str
    type: str
    subject: str | None = None
    time: str | None = None
    """RFC 3339, as it was sent."""
    datacontenttype: str | None = None
    dataschema: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    """As on the wire in binary mode; empty: none."""

    def __post_init__(self) -> None:
        for name, value in self.attributes():
            _check(name, value)
        for name in self.extensions:
            if not _NAME.fullmatch(name) or name in _NO_EXTENSION:
                raise InvalidRequest("An extension's name must be of lower-case letters and digits, and not reserved.")

    def attributes(self) -> list[tuple[str, str]]:
        """Every attribute that is set, but for `specversion`."""
        known = [(name, getattr(self, name)) for name in (*_REQUIRED, *_OPTIONAL)]
        return [(name, value) for name, value in (*known, *self.extensions.items()) if value is not None]


def decoded(message: HttpMessage) -> Event:
    """The event in an HTTP message of either mode.

    Raises:
        InvalidRequest: there is none, or it breaks the specification; the sentence says where.
    """
    headers = _unique(message.headers)
    content_type = headers.get(_CONTENT_TYPE)
    media_type, _, parameters = (content_type or "").partition(";")
    media_type = media_type.strip().lower()
    if media_type == STRUCTURED_TYPE:
        _check_charset(parameters)
        return structured_decoded(message.body)
    if media_type.startswith(_ANY_STRUCTURED):
        raise InvalidRequest(
            f"Content type {_ANY_STRUCTURED}… is taken as {STRUCTURED_TYPE} only, one event a request."
        )
    return _binary_decoded(headers, content_type, message.body)


def binary_encoded(event: Event) -> HttpMessage:
    """The event in binary mode.

    Raises:
        InvalidRequest: its data is itself a structured event, which only structured mode can tell from the outer one.
    """
    if (event.datacontenttype or "").lower().startswith(_ANY_STRUCTURED):
        raise InvalidRequest("An event whose data is an event travels in structured mode only.")
    headers = [(f"{_HEADER_PREFIX}specversion", SPECVERSION)]
    for name, value in event.attributes():
        if name == "datacontenttype":
            headers.append((_CONTENT_TYPE, value))
        else:
            headers.append((f"{_HEADER_PREFIX}{name}", _header_encoded(value)))
    return HttpMessage(tuple(headers), event.data)


def structured_encoded(event: Event) -> HttpMessage:
    """The event in structured mode: data that is JSON, as its content type says, as JSON, all other in base64."""
    document: dict[str, Any] = {"specversion": SPECVERSION, **dict(event.attributes())}
    if event.data:
        document |= _data_member(event)
    return HttpMessage(((_CONTENT_TYPE, STRUCTURED_TYPE),), _json_bytes(document))


def structured_decoded(body: bytes) -> Event:
    """The event that this JSON document is.

    Raises:
        InvalidRequest: as `decoded`.
    """
    document = _json(body, "The event")
    if not isinstance(document, dict):
        raise InvalidRequest("A structured event must be one JSON object.")
    data = _data(document)
    attributes = {name: _attribute(name, value) for name, value in document.items() if value is not None}
    return _event(attributes, data)


def _binary_decoded(headers: Mapping[str, str], content_type: str | None, body: bytes) -> Event:
    attributes = {
        name.removeprefix(_HEADER_PREFIX): _header_decoded(name, value)
        for name, value in headers.items()
        if name.startswith(_HEADER_PREFIX)
    }
    if not attributes:
        raise InvalidRequest(
            f"This is no CloudEvent: send ce-… headers (binary mode), or {STRUCTURED_TYPE} (structured mode)."
        )
    if "datacontenttype" in attributes:
        raise InvalidRequest("In binary mode Content-Type says what the data is, not ce-datacontenttype.")
    if content_type is not None:
        attributes["datacontenttype"] = content_type
    return _event(attributes, body)


def _event(attributes: dict[str, str], data: bytes) -> Event:
    if attributes.pop("specversion", None) != SPECVERSION:
        raise InvalidRequest(f"Attribute specversion must be {SPECVERSION}.")
    missing = [name for name in _REQUIRED if not attributes.get(name)]
    if missing:
        raise InvalidRequest(f"The event lacks {', '.join(missing)}.")
    known = {name: attributes.pop(name) for name in (*_REQUIRED, *_OPTIONAL) if name in attributes}
    return Event(**known, extensions=attributes, data=data)


def _unique(headers: Headers) -> dict[str, str]:
    """The headers that say something of the event, names in lower case. One that comes twice is nobody's word."""
    found: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower.startswith(_HEADER_PREFIX) or lower == _CONTENT_TYPE:
            if lower in found:
                raise InvalidRequest(f"Header {_printable(lower)} came twice; send it once.")
            found[lower] = value
    return found


def _check(name: str, value: str) -> None:
    if not value:
        if name in (*_REQUIRED, *_OPTIONAL):
            raise InvalidRequest(f"Attribute {name} must not be empty.")
    elif _CONTROL.search(value):
        raise InvalidRequest(f"Attribute {_printable(name)} has a character that CloudEvents does not allow.")
    elif name == "source" and not _URI_CHARACTERS.fullmatch(value):
        raise InvalidRequest("Attribute source must be a URI reference.")
    elif name == "dataschema" and not (_URI_CHARACTERS.fullmatch(value) and _SCHEME.match(value)):
        raise InvalidRequest("Attribute dataschema must be an absolute URI.")
    elif name == "time" and not _is_time(value):
        raise InvalidRequest("Attribute time must be a time of RFC 3339, such as 2026-04-05T17:31:00Z.")
    elif name == "datacontenttype" and not _MEDIA_TYPE.fullmatch(value):
        raise InvalidRequest("Attribute datacontenttype must be a media type.")


def _is_time(value: str) -> bool:
    if not _RFC3339.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+|:60(?=[.Zz+-])", lambda found: _second(found[0]), value).upper())
    except ValueError:
        return False
    return True


def _second(found: str) -> str:
    """A leap second is a time that `datetime` does not know; fractions may have any number of digits."""
    return "" if found.startswith(".") else ":59"


def _header_encoded(value: str) -> str:
    return _TO_PERCENT_ENCODE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), value)


def _header_decoded(name: str, value: str) -> str:
    """HTTP binding 3.1.3.2: unquoted, then percent-decoded once."""
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    if not value.isascii() or _BAD_PERCENT.search(value):
        raise InvalidRequest(f"Header {_printable(name)} must be ASCII, all else percent-encoded.")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise InvalidRequest(f"Header {_printable(name)} must be percent-encoded UTF-8.") from None


def _attribute(name: str, value: object) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequest("Names of attributes must be of lower-case letters and digits.")
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int) and value in _INT32:
        value = str(value)
    if not isinstance(value, str):
        raise InvalidRequest(f"Attribute {name} must be a string, a Boolean or a 32-bit whole number.")
    return value


def _data(document: dict[str, Any]) -> bytes:
    """The data of a structured event, taken out of the document."""
    has_data, has_base64 = "data" in document, "data_base64" in document
    data, encoded = document.pop("data", None), document.pop("data_base64", None)
    if has_data and has_base64:
        raise InvalidRequest("An event has either data or data_base64, not both.")
    if has_base64 and encoded is not None:
        return _base64(encoded)
    if data is None:
        return b""
    if _is_json(document.get("datacontenttype")):
        return _json_bytes(data)
    if not isinstance(data, str):
        raise InvalidRequest("Data whose content type is not JSON must be a string, or in data_base64.")
    try:
        return data.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The event's data has half a surrogate pair in it.") from None


def _data_member(event: Event) -> dict[str, Any]:
    if _is_json(event.datacontenttype):
        with contextlib.suppress(InvalidRequest):
            value = _json(event.data, "The event's data")
            if value is not None:  # `"data": null` is no data
                return {"data": value}
    return {"data_base64": base64.b64encode(event.data).decode()}


def _base64(encoded: object) -> bytes:
    if not isinstance(encoded, str):
        raise InvalidRequest("Member data_base64 must be a string.")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("Member data_base64 is not base64.") from None


def _is_json(datacontenttype: object) -> bool:
    """JSON format 3.1: where nothing is said, data is JSON."""
    return datacontenttype is None or (isinstance(datacontenttype, str) and bool(_JSON_TYPE.fullmatch(datacontenttype)))


def _check_charset(parameters: str) -> None:
    found = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if found and found[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise InvalidRequest("A structured event must be UTF-8.")


def _json(body: bytes, what: str) -> Any:
    """The JSON value, where every reader would read the same: no member twice, no NaN, no byte order mark."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_members, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest(f"{what} is not JSON in UTF-8 with each member once.") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(_: str) -> None:
    raise ValueError


def _json_bytes(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise InvalidRequest("The event's data cannot be written as JSON in UTF-8.") from None


def _printable(name: str) -> str:
    """The name, if it is one: a caller's bytes are not repeated."""
    return name if _NAME.fullmatch(name.removeprefix(_HEADER_PREFIX)) or name == _CONTENT_TYPE else "of the event"
