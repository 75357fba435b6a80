"""Each server is asked in its own words, and all of them the same."""

import json
from pathlib import Path

from bench.bodies import groups, http_request, plain, v2_text, write
from summit_inference import v2
from summit_inference.text_tensors import texts_of
from summit_inference.v2_limits import Limits

TEXTS = ["Ada Lovelace", "«Zoë» in Łódź\n"]


def test_a_plain_body_is_a_list_of_texts() -> None:
    content, headers = plain(TEXTS)
    assert json.loads(content) == {"texts": TEXTS}
    assert headers["content-type"] == "application/json"


def test_a_v2_body_is_what_our_servers_decode() -> None:
    content, headers = v2_text(TEXTS)
    request = v2.decode_request("summit-extract", None, content, v2.json_length_of(headers), Limits())
    assert texts_of(request) == TEXTS
    assert request.id


def test_a_request_says_where_it_goes_and_how_long_it_is() -> None:
    head, _, content = http_request("/infer", (b"\xc3\xa9", {"content-type": "text/plain"})).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /infer HTTP/1.1"
    assert set(lines[1:]) == {"host: 127.0.0.1", "content-type: text/plain", "content-length: 2"}
    assert content == b"\xc3\xa9"


def test_texts_are_grouped_and_what_does_not_fill_a_group_is_left_out() -> None:
    assert list(groups("abcdefg", 3)) == ["abc", "def"]
    assert list(groups("ab", 1)) == ["a", "b"]


def test_the_file_for_the_load_generator_holds_each_request_behind_its_length(tmp_path: Path) -> None:
    write([b"a\nb", b"", b"123"], tmp_path / "requests")
    assert (tmp_path / "requests").read_bytes() == b"3\na\nb0\n3\n123"
