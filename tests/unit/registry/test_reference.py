import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.digests import is_plain_path, whole_digest
from registry.reference import FILE_NAME, ModelReference
from summit_inference.errors import ArtifactError

files = st.dictionaries(
    st.text("ab_.-/0", min_size=1, max_size=12).filter(is_plain_path),
    st.integers(0, 2**256 - 1).map("{:064x}".format),
    min_size=1,
)
references = st.builds(
    lambda files, version, run_id, tags: ModelReference(
        "summit-extract", str(version), run_id, whole_digest(files), files, "s3://models/3", tags
    ),
    files,
    st.integers(1, 10**6),
    st.none() | st.uuids().map(lambda run_id: run_id.hex),
    st.dictionaries(st.text(), st.text()),
)


@given(references)
def test_a_reference_survives_its_json(reference: ModelReference) -> None:
    assert ModelReference.from_json(reference.to_json()) == reference


def test_a_reference_with_more_keys_is_read_too(reference: ModelReference) -> None:
    document = {**json.loads(reference.to_json()), "added_later": 1}
    assert ModelReference.from_json(json.dumps(document)) == reference


def test_source_and_tags_may_be_missing(reference: ModelReference) -> None:
    document = json.loads(reference.to_json())
    del document["source"], document["tags"]
    assert ModelReference.from_json(json.dumps(document)) == replace(reference, source="", tags={})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "a/b"}, "no valid name"),
        ({"name": 1}, "no valid name"),
        ({"version": "champion"}, "no valid version number"),
        ({"version": 3}, "no valid version number"),
        ({"run_id": 1}, "no valid run id"),
        ({"source": None}, "no valid source"),
        ({"tags": {"a": 1}}, "tags that are no text"),
        ({"files": {}}, "names no files"),
        ({"files": ["a"]}, "names no files"),
        ({"files": {"../a": "0" * 64}}, "a path that is not allowed"),
        ({"files": {FILE_NAME: "0" * 64}}, "names itself"),
        ({"files": {"a": "0" * 63}}, "no sha256"),
        ({"digest": "0" * 64}, "not that of its files"),
    ],
)
def test_a_document_that_says_what_is_not_allowed_is_refused(
    reference: ModelReference, change: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ArtifactError, match=fault):
        ModelReference.from_json(json.dumps({**json.loads(reference.to_json()), **change}))


@pytest.mark.parametrize("field", ["name", "version", "run_id", "digest", "files"])
def test_a_document_that_lacks_a_field_is_refused(reference: ModelReference, field: str) -> None:
    document = json.loads(reference.to_json())
    del document[field]
    with pytest.raises(ArtifactError, match="lacks fields"):
        ModelReference.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError, match="model reference"):
        ModelReference.from_json(text)
