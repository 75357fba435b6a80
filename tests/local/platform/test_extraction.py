"""The main job, through real processes: text in, entities out, from an MLflow model version."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers.platform import Platform

from summit_inference.extraction import ExtractListResponse, ExtractResponse

pytestmark = pytest.mark.timeout(600)  # the platform starts within the first test
PARAGRAPH = (
    "Angela Merkel, the former German chancellor, met Tim Cook in Berlin on Tuesday. The chief executive of Apple "
    "then travelled to Paris, where the company Airbus had invited him, Reuters reported."
)


def test_a_paragraph_gives_its_people_places_and_organisations_with_their_lineage(platform: Platform) -> None:
    response = platform.extract({"text": PARAGRAPH}, headers={"x-request-id": "abc"})
    assert response.status_code == 200
    answer = ExtractResponse.model_validate_json(response.content)
    found = {(span.text, span.label) for span in answer.spans}
    assert {("Angela Merkel", "PER"), ("Tim Cook", "PER"), ("Berlin", "LOC"), ("Paris", "LOC")} <= found
    assert {"Apple", "Reuters"} & set(answer.entities)
    assert all(PARAGRAPH[span.start : span.end] == span.text for span in answer.spans)
    assert (answer.model.name, answer.model.version) == ("summit-extract", platform.status()["model"]["version"])
    assert len(answer.model.run_id or "") == 32
    assert (answer.degraded, answer.request_id) == (False, "abc")
    assert response.headers["x-request-id"] == "abc"
    assert response.headers["x-model-version"] == answer.model.version


def test_lists_come_back_in_order_and_empty_texts_are_no_fault(platform: Platform) -> None:
    response = platform.extract({"texts": ["Merkel flew to Paris.", "", "They met in Berlin."]})
    answer = ExtractListResponse.model_validate_json(response.content)
    assert "Paris" in answer.results[0].entities
    assert answer.results[1].entities == []
    assert "Berlin" in answer.results[2].entities


def test_offsets_in_utf16_index_a_javascript_string(platform: Platform) -> None:
    text = "🎈🎈 Angela Merkel visited Berlin."
    response = platform.extract({"text": text}, params={"offsets": "utf16"})
    units = text.encode("utf-16-le")
    spans = ExtractResponse.model_validate_json(response.content).spans
    assert spans
    assert all(units[2 * span.start : 2 * span.end].decode("utf-16-le") == span.text for span in spans)


def test_a_long_text_is_never_cut_silently(platform: Platform) -> None:
    text = "It rained all day and nothing happened at all. " * 400 + "Then Angela Merkel came to Berlin."
    answer = ExtractResponse.model_validate_json(platform.extract({"text": text}).content)
    assert {"Angela Merkel", "Berlin"} <= set(answer.entities)
    assert answer.spans[-1].end > len(text) - 10


def test_a_text_over_the_limit_is_refused_with_the_limit(platform: Platform) -> None:
    response = platform.extract({"text": "a" * 100_001})
    assert response.status_code == 413
    assert "100000" in response.json()["error"].replace(",", "")


def test_every_server_tells_its_health_readiness_and_metrics(platform: Platform) -> None:
    for row in platform.status()["processes"]:
        if row["name"] == "mlflow":
            continue
        assert httpx.get(f"{row['url']}/health").status_code == 200, row
        assert httpx.get(f"{row['url']}/ready").status_code == 200, row
    for port in (8000, 8082, 8080, 8010, 9102):
        metrics = httpx.get(f"http://127.0.0.1:{port + platform.offset}/metrics")
        assert metrics.status_code == 200
        assert "\nai_" in metrics.text


def test_the_command_line_and_the_embedded_extractor_answer_as_the_service_does(
    platform: Platform, tmp_path: Path
) -> None:
    lines = [PARAGRAPH, "Officials in Madrid said that Pedro Sánchez would speak.", "nothing here", ""]
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"id": str(at), "text": text}) + "\n" for at, text in enumerate(lines)))
    served = _answers(platform.summit("extract", str(file)).stdout)
    local = _answers(platform.summit("extract", str(file), "--local").stdout)
    assert [answer["id"] for answer in served] == ["0", "1", "2", "3"]
    assert len(local) == len(served)
    for ours, theirs in zip(local, served, strict=True):
        assert ours["model"] == theirs["model"]
        assert ours["entities"] == theirs["entities"]
        for span, other in zip(ours["spans"], theirs["spans"], strict=True):
            assert abs(span.pop("score") - other.pop("score")) < 1e-3
            assert span == other


def _answers(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]
