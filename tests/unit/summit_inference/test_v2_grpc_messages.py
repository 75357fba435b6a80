import pytest
from google.protobuf import descriptor_pool

from summit_inference.v2_grpc_messages import RAW_INPUT_CONTENTS, message_class


@pytest.mark.parametrize(
    ("name", "fields", "wire"),
    [
        ("ServerLiveResponse", {"live": True}, b"\x08\x01"),
        ("ModelReadyRequest", {"name": "m", "version": "1"}, b"\x0a\x01m\x12\x011"),
        ("ServerMetadataResponse", {"extensions": ["a", "b"]}, b"\x1a\x01a\x1a\x01b"),
        ("ModelMetadataResponse", {"properties": {"k": "v"}}, b"\x32\x06\x0a\x01k\x12\x01v"),
        ("ModelMetadataResponse", {"inputs": [{"shape": [-1]}]}, b"\x22\x0c\x1a\x0a" + b"\xff" * 9 + b"\x01"),
        ("ModelInferRequest", {"raw_input_contents": [b"x"]}, b"\x3a\x01x"),
        ("ModelInferRequest", {"outputs": [{"name": "o"}]}, b"\x32\x03\x0a\x01o"),
        ("ModelInferResponse", {"raw_output_contents": [b"x"]}, b"\x32\x01x"),
        ("InferParameter", {"double_param": 1.0}, b"\x21\0\0\0\0\0\0\xf0\x3f"),
        ("InferParameter", {"uint64_param": 1}, b"\x28\x01"),
        ("InferTensorContents", {"int_contents": [1, 2]}, b"\x12\x02\x01\x02"),
        ("InferTensorContents", {"fp32_contents": [1.0]}, b"\x32\x04\0\0\x80\x3f"),
        ("InferTensorContents", {"bytes_contents": [b"a"]}, b"\x42\x01a"),
    ],
)
def test_messages_have_the_bytes_of_the_public_proto(name: str, fields: dict[str, object], wire: bytes) -> None:
    assert message_class(name)(**fields).SerializeToString() == wire


def test_the_choice_of_a_parameter_is_exclusive() -> None:
    parameter = message_class("InferParameter")(int64_param=1)
    parameter.string_param = "a"
    assert parameter.WhichOneof("parameter_choice") == "string_param"


def test_the_default_pool_is_left_to_other_libraries() -> None:
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("inference.ModelInferRequest")


def test_the_number_of_the_raw_contents_is_that_of_the_message() -> None:
    fields = message_class("ModelInferRequest").DESCRIPTOR.fields_by_name
    assert fields["raw_input_contents"].number == RAW_INPUT_CONTENTS
