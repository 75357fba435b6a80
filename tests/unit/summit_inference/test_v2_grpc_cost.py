import pytest

from summit_inference.errors import InvalidRequest, TooLarge
from summit_inference.v2_grpc_cost import check_cost
from summit_inference.v2_grpc_messages import message_class
from summit_inference.v2_limits import Limits

_LIMITS = Limits(max_body_bytes=1000, max_json_bytes=100, max_tensors=2, max_parameters=2)


def message(**fields: object) -> bytes:
    encoded: bytes = message_class("ModelInferRequest")(**fields).SerializeToString()
    return encoded


def test_raw_tensors_do_not_count_against_the_limit_of_the_rest() -> None:
    check_cost(message(model_name="m", raw_input_contents=[b"0" * 400, b"1" * 400]), _LIMITS)


def test_a_message_over_the_limit_is_too_large() -> None:
    with pytest.raises(TooLarge, match="1000"):
        check_cost(message(raw_input_contents=[b"0" * 1000]), _LIMITS)


def test_typed_tensors_and_text_over_the_limit_are_sent_to_raw_contents() -> None:
    with pytest.raises(TooLarge, match="raw_input_contents"):
        check_cost(message(id="0" * 100), _LIMITS)


def test_more_fields_than_a_request_can_have_are_refused_before_all_are_read() -> None:
    check_cost(message(inputs=[{}] * 11), _LIMITS)
    with pytest.raises(TooLarge, match="more than 11"):
        check_cost(message(inputs=[{}] * 12) + b"\xff" * 11, _LIMITS)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x80", id="a tag without an end"),
        pytest.param(b"\x0a\x05abc", id="a field wider than the message"),
        pytest.param(b"\x08", id="a number that is missing"),
        pytest.param(b"\x08" + b"\xff" * 10 + b"\x01", id="a number of over ten bytes"),
        pytest.param(b"\x0b", id="a group"),
        pytest.param(b"\x0d\0\0\0", id="four bytes that are three"),
    ],
)
def test_bytes_that_are_no_message_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        check_cost(body, _LIMITS)


@pytest.mark.parametrize("body", [b"", b"\x80\x01\x05", b"\x0d\0\0\0\0", b"\x09" + b"\0" * 8])
def test_fields_of_every_kind_are_stepped_over(body: bytes) -> None:
    check_cost(body, _LIMITS)
