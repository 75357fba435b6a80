import numpy as np
import pytest

from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor, bytes_array


@pytest.mark.parametrize("datatype", list(Datatype))
def test_a_datatype_has_the_dtype_of_its_name(datatype: Datatype) -> None:
    kinds = {"BOOL": "b", "BYTES": "O", "UINT": "u", "INT": "i", "FP": "f"}
    bits = "".join(filter(str.isdigit, datatype))
    assert datatype.dtype.kind == kinds[datatype.rstrip("0123456789")]
    assert datatype.dtype.itemsize * 8 == int(bits) if bits else True
    assert datatype.dtype.byteorder in "=|<"


def test_an_array_of_another_dtype_cannot_become_a_tensor() -> None:
    with pytest.raises(TypeError, match="'x' is INT32, but its array is int64"):
        Tensor("x", Datatype.INT32, np.zeros(2, dtype="<i8"))


def test_byte_strings_keep_their_trailing_nuls_and_their_shape() -> None:
    array = bytes_array([b"a\0", b"", b"\0", b"b"], (2, 2))
    assert array.tolist() == [[b"a\0", b""], [b"\0", b"b"]]
    assert not array.flags.writeable
    assert Tensor.of_bytes("t", []).data.shape == (0,)


def test_tensors_are_found_by_name() -> None:
    tensor = Tensor.of_bytes("t", [b"x"])
    assert InferRequest("m", (tensor,)).input("t") is tensor
    assert InferRequest("m", (tensor,)).input("u") is None
    assert InferResponse("m", (tensor,)).output("t") is tensor
    with pytest.raises(KeyError):
        InferResponse("m", (tensor,)).output("u")
