import pytest

from summit_inference.cloudevent import Event
from summit_inference.errors import InvalidRequest
from summit_inference.events import (
    ChunkData,
    FailedData,
    RequestedData,
    data_of,
    event_of,
)

DIGEST = "0" * 64


def _requested(body: bytes, content_type: str | None = "application/json") -> RequestedData:
    event = Event(id="1", source="/", type=RequestedData.event_type, datacontenttype=content_type, data=body)
    data: RequestedData = data_of(event, RequestedData)
    return data


def test_documents_inline_are_enough_for_a_job() -> None:
    data = _requested(b'{"documents": [{"text": "a"}, {"id": "x", "text": "b"}]}')
    assert [each.text for each in data.documents or ()] == ["a", "b"]
    assert data.model == "summit-extract"
    assert data.model_version is None
    assert data.output.format == "jsonl"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"{}", "either 'documents' or 'reference'", id="neither documents nor a reference"),
        pytest.param(b'{"documents": []}', "documents", id="no document"),
        pytest.param(b'{"documents": [{"id": "a"}]}', "documents.0.text", id="a document without a text"),
        pytest.param(b'{"docs": [{"text": "a"}]}', "docs", id="a member that there is not"),
        pytest.param(b'{"documents": [{"text": "a"}], "job_id": "../x"}', "job_id", id="a job id with a path in it"),
        pytest.param(b'{"documents": [{"text": "a"}], "job_id": ".x"}', "job_id", id="a job id that hides itself"),
        pytest.param(b'{"reference": {"uri": "s3://b/o"}}', "size_bytes and sha256", id="an object without a digest"),
        pytest.param(b'{"reference": {"uri": "http://b/o"}}', "reference.uri", id="another scheme"),
        pytest.param(b"[1]", "data", id="no object"),
        pytest.param(b"{", "JSON", id="no JSON"),
    ],
)
def test_a_job_that_breaks_the_contract_is_told_where(body: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        _requested(body)


def test_a_prefix_has_no_digest() -> None:
    reference = _requested(b'{"reference": {"uri": "s3://bucket/folder/"}}').reference
    assert reference is not None
    assert reference.is_prefix
    with pytest.raises(InvalidRequest, match="prefix"):
        _requested(f'{{"reference": {{"uri": "s3://b/f/", "sha256": "{DIGEST}"}}}}'.encode())


def test_a_job_id_may_not_be_longer_than_a_file_name() -> None:
    body = '{"documents": [{"text": "a"}], "job_id": "%s"}'
    assert _requested((body % ("a" * 128)).encode()).job_id
    with pytest.raises(InvalidRequest, match="job_id"):
        _requested((body % ("a" * 129)).encode())


def test_only_json_is_data() -> None:
    with pytest.raises(InvalidRequest, match="application/json"):
        _requested(b"<xml/>", "text/xml")


def test_a_caller_s_text_is_not_repeated_in_the_error() -> None:
    with pytest.raises(InvalidRequest) as refused:
        _requested(b'{"documents": [{"text": ["secret"]}]}')
    assert "secret" not in refused.value.message


def test_an_event_carries_its_data_and_its_job_as_subject() -> None:
    data = ChunkData(job_id="j", attempt=2, chunk_id="0001", model_version="3")
    event = event_of(data, source="/eventing", id="j/2/0001")
    assert (event.type, event.subject) == ("ai.summit.extraction.chunk.v1", "j")
    assert data_of(event, ChunkData) == data


def test_types_are_as_the_contract_names_them() -> None:
    assert RequestedData.event_type == "ai.summit.extraction.requested.v1"
    assert FailedData.event_type == "ai.summit.extraction.failed.v1"
