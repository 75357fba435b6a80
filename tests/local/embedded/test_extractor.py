"""The whole path in one process: real tokenizer, real encoder, real engine, over a tiny model."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from servers.stages import save_tiny_model

from embedded.extractor import Extractor
from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference
from summit_inference.errors import ArtifactError
from transformers_stage.pipeline import WindowPlan


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A verified artifact, as a download leaves it."""
    made = tmp_path_factory.mktemp("artifact")
    save_tiny_model(made)
    files = file_digests(made)
    reference = ModelReference("summit-extract", "3", "a" * 32, whole_digest(files), files)
    (made / FILE_NAME).write_text(reference.to_json())
    return made


@pytest.fixture(scope="module")
def extractor(directory: Path) -> Iterator[Extractor]:
    with Extractor.open(directory) as opened:
        yield opened


def test_it_knows_its_lineage(extractor: Extractor) -> None:
    assert (extractor.lineage.name, extractor.lineage.version, extractor.lineage.run_id) == (
        "summit-extract",
        "3",
        "a" * 32,
    )


def test_spans_are_stretches_of_their_own_text(extractor: Extractor) -> None:
    texts = ["Angela Merkel in Berlin.", "", "x" * 3000 + " Angela", "Merkel"]
    answers = extractor.extract(texts)
    assert len(answers) == len(texts)
    assert answers[1] == []
    for text, spans in zip(texts, answers, strict=True):
        assert all(text[span.start : span.end] == span.text for span in spans)


def test_a_text_gets_the_same_answer_alone_and_among_others(extractor: Extractor) -> None:
    texts = [f"Angela {letter} Merkel in Berlin" for letter in "abcdefgh"]
    together = extractor.extract(texts)
    for text, spans in zip(texts, together, strict=True):
        (alone,) = extractor.extract([text])
        assert [(s.start, s.end, s.label) for s in alone] == [(s.start, s.end, s.label) for s in spans]


def test_it_serves_several_threads_at_once(extractor: Extractor) -> None:
    texts = [f"Angela Merkel {number}" for number in range(20)]
    expected = [extractor.extract([text]) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: extractor.extract([text]), texts))
    for found, wanted in zip(answers, expected, strict=True):
        assert [(s.start, s.end, s.label) for s in found[0]] == [(s.start, s.end, s.label) for s in wanted[0]]


def test_nothing_to_read_is_answered(extractor: Extractor) -> None:
    assert extractor.extract([]) == []


def test_windows_are_a_matter_of_the_plan(directory: Path) -> None:
    with Extractor.open(directory, plan=WindowPlan(window_tokens=8, overlap_tokens=2)) as short:
        (spans,) = short.extract(["Angela Merkel " * 40])
    assert all(span.end <= 14 * 40 for span in spans)


def test_a_changed_file_is_not_loaded(directory: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in directory.iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
    config = changed / "config.json"
    config.write_text(config.read_text().replace("B-PER", "B-LOC"))
    with pytest.raises(ArtifactError, match=r"config\.json"):
        Extractor.open(changed)
