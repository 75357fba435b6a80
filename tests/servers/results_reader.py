"""What a job left in S3, read by nothing of ours: boto3, json and the contract alone."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCORE_TOLERANCE = 1e-4

Spans = list[dict[str, Any]]


@dataclass(frozen=True)
class Expected:
    """What must be there, by line."""

    texts: Mapping[int, tuple[str, str]]
    """Line → id and text."""
    bad: Mapping[int, str]
    """Line → code."""

    @property
    def documents(self) -> int:
        """Good and bad."""
        return len(self.texts) + len(self.bad)


class ResultsReader:
    """Judges. `answers` are those of a run without faults, by text."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def answers(self, status: Mapping[str, Any], expected: Expected) -> dict[str, Spans]:
        """The spans of each text, of a job that must be whole."""
        rows = self._rows(self._manifest(status))
        return {expected.texts[row["line"]][1]: row["spans"] for row in rows}

    def judge(self, status: Mapping[str, Any], expected: Expected, answers: Mapping[str, Spans]) -> None:
        """Fail unless every document is there exactly once, as without faults, and every count is right."""
        manifest = self._manifest(status)
        rows, errors = self._rows(manifest), self._errors(manifest)
        assert Counter(row["line"] for row in rows) == Counter(expected.texts.keys())
        assert {row["line"]: row["code"] for row in errors} == dict(expected.bad)
        assert len(errors) == len(expected.bad)
        for row in rows:
            document_id, text = expected.texts[row["line"]]
            assert row["id"] == document_id
            assert row["degraded"] is False
            assert row["model_version"] == manifest["model_version"] == status["model_version"]
            _assert_same(row["spans"], answers[text])
        counts = status["counts"]
        assert (counts["done"], counts["failed"], counts["quarantined"]) == (len(rows), len(errors), 0)
        assert counts["total"] == len(rows) + len(errors)
        assert (manifest["documents"], manifest["failed"]) == (len(rows), len(errors))

    def _manifest(self, status: Mapping[str, Any]) -> dict[str, Any]:
        assert status["state"] == "completed", status
        manifest = json.loads(self._content(status["manifest"]["uri"], status["manifest"]["sha256"]))
        assert (manifest["job_id"], manifest["attempt"]) == (status["job_id"], status["attempt"])
        uris = [each["uri"] for each in manifest["objects"]]
        assert len(set(uris)) == len(uris)
        assert isinstance(manifest, dict)
        return manifest

    def _rows(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = []
        for each in manifest["objects"]:
            found = _lines(self._content(each["uri"], each["sha256"]))
            assert len(found) == each["documents"]
            rows += found
        return rows

    def _errors(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = []
        for each in manifest["objects"]:
            if each["failed"]:
                found = _lines(self._content(each["errors_uri"], each["errors_sha256"]))
                assert len(found) == each["failed"]
                rows += found
        return rows

    def _content(self, uri: str, sha256: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert hashlib.sha256(content).hexdigest() == sha256, uri
        return content


def _lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.split(b"\n") if line]


def _assert_same(found: Spans, expected: Spans) -> None:
    keys = ("text", "label", "start", "end")
    assert [[span[key] for key in keys] for span in found] == [[span[key] for key in keys] for span in expected]
    for one, other in zip(found, expected, strict=True):
        assert abs(one["score"] - other["score"]) <= SCORE_TOLERANCE
