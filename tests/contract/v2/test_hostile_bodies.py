"""Bodies that no client should send: each is an answer or an error of ours, quickly and in little memory."""

import contextlib
import importlib.util
import random
import resource
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from contract.v2 import wire
from hypothesis import given, settings
from hypothesis import strategies as st

from summit_inference.errors import InvalidRequest, SummitError, TooLarge, UpstreamBroken
from summit_inference.v2 import JSON_LENGTH_HEADER, decode_request, decode_response, json_length_of
from summit_inference.v2_grpc_codec import decode_request as decode_grpc_request
from summit_inference.v2_limits import Limits

_LIMITS = Limits()
_INPUTS: list[wire.Document] = [
    {"name": "a", "shape": [2, 2], "datatype": "FP32", "data": [1, 2.5, 3, 4], "parameters": {"p": 1}},
    {"name": "b", "shape": [3], "datatype": "BYTES", "data": ["x", "", "yz"]},
    {"name": "c", "shape": [2], "datatype": "BOOL", "data": [True, False]},
    {"name": "d", "shape": [], "datatype": "INT64", "data": [-1]},
]
_DOCUMENT = {"id": "1", "parameters": {"binary_data_output": True}, "outputs": [{"name": "o"}]}
_JSON, _ = wire.body_of({**_DOCUMENT, "inputs": _INPUTS}, b"")
_BINARY, _BINARY_HEADERS = wire.binary_body(_DOCUMENT, [{**one, "parameters": {}} for one in _INPUTS])
_TYPED = wire.grpc_request("m", _INPUTS, is_raw=False, id="1").SerializeToString()
_RAW = wire.grpc_request("m", _INPUTS, is_raw=True, outputs=[{"name": "o"}]).SerializeToString()
_AT = int(_BINARY_HEADERS[JSON_LENGTH_HEADER])
_SPLICES = [b"0", b"-1", b"null", b"[]", b"{}", b'""', b"1e999", b"9" * 30, b"[" * 9, b"\xff" * 4, b"true", b",", b":"]


def over_rest(body: bytes, json_length: int | None = None) -> None:
    """Decode as a server does and as a client does; errors of ours are fine."""
    with contextlib.suppress(InvalidRequest, TooLarge):
        decode_request("m", None, body, json_length, _LIMITS)
    with contextlib.suppress(UpstreamBroken):
        decode_response(body, json_length, _LIMITS)


def over_grpc(body: bytes) -> None:
    with contextlib.suppress(InvalidRequest, TooLarge):
        decode_grpc_request(body, _LIMITS)


def mutated(body: bytes, chance: random.Random) -> bytes:
    """The body with up to four bytes or stretches changed, cut, doubled or put in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        until = min(len(body), at + chance.randint(0, 12))
        match chance.randrange(4):
            case 0:
                body = body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
            case 1:
                body = body[:at] + body[until:]
            case 2:
                body = body[:until] + body[at:]
            case _:
                body = body[:at] + chance.choice(_SPLICES) + body[until:]
    return body


def fuzz(count: int, seed: int) -> None:
    """Decode `count` bodies, a mix of all forms."""
    chance = random.Random(seed)
    forms = (
        lambda: over_rest(mutated(_JSON, chance)),
        lambda: over_rest(mutated(_BINARY, chance), chance.choice([_AT, _AT, _AT - 1, 0, len(_BINARY), None])),
        lambda: over_grpc(mutated(_TYPED, chance)),
        lambda: over_grpc(mutated(_RAW, chance)),
    )
    for number in range(count):
        forms[number % len(forms)]()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.none() | st.integers(0, 250))
def test_arbitrary_bytes_are_refused(body: bytes, json_length: int | None) -> None:
    over_rest(body, json_length)
    over_grpc(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
_element = st.integers(-300, 300) | st.floats() | st.booleans() | st.text(max_size=2)
_tensor = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("a") | _json,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | _json,
        "datatype": st.sampled_from([*wire.CONTENTS, "FP16", "x"]) | _json,
        "data": st.lists(_element, max_size=8) | _json,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.integers(-1, 40) | _json}) | _json,
    },
)
_message = st.fixed_dictionaries(
    {"inputs": st.lists(_tensor | _json, max_size=3) | _json},
    optional={
        "outputs": st.lists(_tensor, max_size=3) | _json,
        "parameters": _json,
        "id": _json,
        "model_name": _json,
    },
)


@settings(max_examples=150, deadline=None)
@given(_message, st.binary(max_size=40))
def test_json_of_almost_the_right_form_is_decoded_or_refused(document: dict[str, object], tail: bytes) -> None:
    body, headers = wire.body_of(document, tail)
    over_rest(body, json_length_of(headers))


def test_mutated_bodies_are_decoded_or_refused() -> None:
    fuzz(8_000, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_million_mutated_bodies_are_decoded_or_refused_in_little_memory() -> None:
    fuzz(10_000, seed=2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fuzz(1_000_000, seed=3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB on Linux


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_bodies_that_seek_out_unvisited_code_are_decoded_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reaches further is kept by libFuzzer, so it gets through checks that chance alone does not."""
    assert importlib.util.find_spec("atheris"), "atheris is missing; install it with: make test-long"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    program = str(Path(__file__).with_name("coverage_guided.py"))
    command = [sys.executable, "-P", program, "500000", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Done 500000 runs" in done.stderr


def _tensor_json(shape: str, data: str, datatype: str = "INT8") -> bytes:
    return f'{{"inputs":[{{"name":"a","datatype":"{datatype}","shape":{shape},{data}}}]}}'.encode()


_EMPTY_INPUTS = b"\x2a\x00" * 2_000_000
_WIDE_FIELD = b"\x2a\x80\x80\x80\x10" + b"\0" * 2**20

HUGE = {
    "a shape of quadrillions": _tensor_json("[1000000,1000000,1000]", '"data":[1]'),
    "a shape over 64 bits": _tensor_json("[4294967296,4294967296,4294967296]", '"data":[1]'),
    "no elements in a wide shape": _tensor_json("[0,4000000000000]", '"data":[]'),
    "a hundred dimensions": _tensor_json(str([1] * 100), '"data":[1]'),
    "strings that are not there": _tensor_json("[4000000]", '"parameters":{"binary_data_size":0}', "BYTES"),
    "numbers that are not there": _tensor_json("[4000000]", '"parameters":{"binary_data_size":0}', "FP64"),
    "a size beyond the body": _tensor_json("[1]", '"parameters":{"binary_data_size":99999999999}'),
    "many inputs": b'{"inputs":[%s]}' % b",".join([b"{}"] * 1000),
    "many parameters": b'{"inputs":[],"parameters":{%s}}' % b",".join(b'"%d":1' % one for one in range(1000)),
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
def test_a_claim_of_size_allocates_nothing(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((InvalidRequest, TooLarge)):
            decode_request("m", None, body, None, _LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [_EMPTY_INPUTS, _WIDE_FIELD, b"\x22" + b"\x80" * 11, b"\x32\x00" * 500],
    ids=["inputs", "a field wider than the message", "an endless number", "outputs"],
)
def test_a_protobuf_bomb_is_refused_before_it_is_parsed(body: bytes) -> None:
    before = time.process_time()
    with pytest.raises(SummitError):
        decode_grpc_request(body, _LIMITS)
    assert time.process_time() - before < 0.1


def test_json_beyond_its_limit_is_refused_before_it_is_parsed() -> None:
    body = b"[" + b"[]," * (_LIMITS.max_json_bytes // 3) + b"[]]"
    with pytest.raises(TooLarge, match="binary data"):
        decode_request("m", None, body, None, _LIMITS)
