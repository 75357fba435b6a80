from rollout.golden_set import golden_texts, read


def test_marks_are_taken_out_and_offsets_are_those_of_the_text() -> None:
    (golden,) = read("# news\n\n[Zoë Ò](PER) left [São Paulo](LOC).\n")
    assert (golden.slice_name, golden.text) == ("news", "Zoë Ò left São Paulo.")
    assert {(golden.text[start:end], label) for start, end, label in golden.entities} == {
        ("Zoë Ò", "PER"),
        ("São Paulo", "LOC"),
    }


def test_the_shipped_texts_are_whole() -> None:
    texts = golden_texts()
    assert len({golden.text for golden in texts}) == len(texts) >= 30
    assert {golden.slice_name for golden in texts} == {"news", "names", "letters", "quiet"}
    assert {label for golden in texts for *_, label in golden.entities} == {"PER", "ORG", "LOC"}
    assert not any(mark in golden.text for golden in texts for mark in "[]()")
    assert not any(golden.entities for golden in texts if golden.slice_name == "quiet")
