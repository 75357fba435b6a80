import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.intake import IntakePolicy, check, inline_chunks, job_id_of, new_job
from eventing.places import Allowed
from summit_inference.cloudevent import Event
from summit_inference.errors import Forbidden, InvalidRequest, TooLarge
from summit_inference.events import InlineDocument, RequestedData, event_of

POLICY = IntakePolicy(
    "s3://results/usual",
    Allowed(("s3://input",), ("s3://results",)),
    max_inline_documents=3,
    chunk_documents=2,
)
DIGEST = "0" * 64


def _data(**members: object) -> RequestedData:
    return RequestedData.model_validate({"documents": [{"text": "a"}]} | members)


def _by_reference(uri: str = "s3://input/a", size_bytes: int = 10, **members: object) -> RequestedData:
    reference = {"uri": uri} if uri.endswith("/") else {"uri": uri, "size_bytes": size_bytes, "sha256": DIGEST}
    return RequestedData.model_validate({"reference": reference} | members)


def _event(data: RequestedData, source: str = "/p", event_id: str = "1") -> Event:
    return event_of(data, source=source, id=event_id)


@given(st.lists(st.text(max_size=12), max_size=40), st.integers(min_value=1, max_value=5), st.integers(1, 30))
def test_chunks_hold_every_document_once_in_order_and_no_more_than_fits(
    texts: list[str], max_documents: int, max_bytes: int
) -> None:
    documents = [InlineDocument(text=text) for text in texts]
    chunks = list(inline_chunks(documents, max_documents, max_bytes))
    assert [each.text for chunk in chunks for each in chunk] == texts
    assert [each.line for chunk in chunks for each in chunk] == list(range(1, len(texts) + 1))
    for chunk in chunks:
        assert 0 < len(chunk) <= max_documents
        assert len(chunk) == 1 or sum(len(each.text.encode()) for each in chunk) <= max_bytes


def test_a_document_without_an_id_is_called_by_its_line() -> None:
    documents = [InlineDocument(id="x", text="a"), InlineDocument(text="b"), InlineDocument(id="", text="c")]
    assert [each.id for chunk in inline_chunks(documents, 9, 9) for each in chunk] == ["x", "2", ""]


def test_the_same_event_is_always_the_same_job_and_another_is_another() -> None:
    data = _data()
    ids = {job_id_of(_event(data, source, event_id), data) for source in ("/p", "/q") for event_id in ("1", "2")}
    assert len(ids) == 4
    assert job_id_of(_event(data), data) == job_id_of(_event(data), data)
    assert job_id_of(_event(data, "/p1", "1"), data) != job_id_of(_event(data, "/p", "11"), data)


def test_a_job_id_that_is_asked_for_is_taken() -> None:
    data = _data(job_id="mine")
    assert job_id_of(_event(data), data) == "mine"


def test_an_identity_that_cannot_be_kept_is_refused() -> None:
    data = _data()
    with pytest.raises(InvalidRequest, match="512"):
        job_id_of(_event(data, event_id="a" * 513), data)


def test_results_go_where_the_job_says_and_else_to_the_usual_place() -> None:
    usual = new_job(_event(_data()), _data(), "3", POLICY)
    assert (usual.output_uri, usual.output_format, usual.model_version) == ("s3://results/usual", "jsonl", "3")
    data = _data(output={"uri": "s3://results/mine/", "format": "parquet"})
    assert (new_job(_event(data), data, "3", POLICY).output_uri) == "s3://results/mine"


def test_inline_documents_are_chunks_and_references_are_parts() -> None:
    inline = new_job(_event(_data()), _data(documents=[{"text": "a"}] * 3), "3", POLICY)
    assert ([len(chunk) for chunk in inline.inline], inline.parts) == ([2, 1], [])
    data = _by_reference()
    job = new_job(_event(data), data, "3", POLICY)
    assert (list(job.inline), [part.uri for part in job.parts]) == ([], ["s3://input/a"])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(_data(documents=[{"text": "a"}] * 4), TooLarge, id="too many documents"),
        pytest.param(_by_reference("s3://other/a"), Forbidden, id="a bucket that is not allowed"),
        pytest.param(_by_reference("file:///etc/passwd"), Forbidden, id="a file that is not allowed"),
        pytest.param(_by_reference("s3://input/../other/a"), InvalidRequest, id="a way out of the bucket"),
        pytest.param(_data(output={"uri": "s3://input/a"}), Forbidden, id="results into a place to read"),
        pytest.param(
            _by_reference("s3://results/", output={"uri": "s3://results/x"}), InvalidRequest, id="results into input"
        ),
    ],
)
def test_what_may_not_be_is_refused(data: RequestedData, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        check(data, POLICY)


def test_what_may_be_is_not() -> None:
    check(_data(), POLICY)
    check(_by_reference(), POLICY)
    check(_by_reference("s3://input/folder/"), POLICY)
