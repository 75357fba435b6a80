"""What a ModelInferRequest would cost, read off its bytes before protobuf makes objects of them.

Two bytes of a message can become a hundred in memory; only raw tensors do not grow. So everything but those is held to
the limit that JSON is held to over REST.
"""

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.v2_grpc_messages import RAW_INPUT_CONTENTS
from summit_inference.v2_limits import Limits

_VARINT, _FIXED64, _SIZED, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT_BYTES = 10


def check_cost(body: bytes, limits: Limits) -> None:
    """Do nothing if the message is within the limits.

    Raises:
        TooLarge: it is not.
        InvalidRequest: it is no protobuf message.
    """
    if len(body) > limits.max_body_bytes:
        raise TooLarge(f"The message has {len(body)} bytes; send at most {limits.max_body_bytes}, in several requests.")
    most_fields = 3 * limits.max_tensors + limits.max_parameters + 3
    at = raw_bytes = fields = 0
    while at < len(body):
        tag, at = _varint(body, at)
        start, at = _field_end(body, at, tag & 7)
        raw_bytes += at - start if tag >> 3 == RAW_INPUT_CONTENTS else 0
        fields += 1
        if fields > most_fields:
            raise TooLarge(f"The message has more than {most_fields} tensors and parameters; send several requests.")
    if at != len(body):
        raise InvalidRequest("The message ends in the middle of a field.")
    if len(body) - raw_bytes > limits.max_json_bytes:
        raise TooLarge(
            f"The message has more than {limits.max_json_bytes} bytes beside raw tensors; "
            "send large tensors in raw_input_contents."
        )


def _field_end(body: bytes, at: int, wire_type: int) -> tuple[int, int]:
    """Where the field's content starts and ends, as offsets in the body."""
    if wire_type == _VARINT:
        return at, _varint(body, at)[1]
    if wire_type == _SIZED:
        size, start = _varint(body, at)
        return start, start + size
    if wire_type in _WIDTHS:
        return at, at + _WIDTHS[wire_type]
    raise InvalidRequest("The message is no protobuf.")


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """The number at this offset, and the offset behind it."""
    value = 0
    for index, byte in enumerate(body[at : at + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004 -- the continuation bit
            return value, at + index + 1
    raise InvalidRequest("The message is no protobuf.")
