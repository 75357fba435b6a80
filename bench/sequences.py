"""Texts as token sequences, one by one and in batches."""

from collections.abc import Sequence

from predictor.packing import TokenSequence, unpack
from transformers_stage.pipeline import TokenSequences

Batch = list[TokenSequence]


def apart(tokens: TokenSequences) -> list[TokenSequence]:
    """The sequences that were laid end to end."""
    lengths = tokens.lengths.tolist()
    ids = unpack(tokens.input_ids, lengths)
    if tokens.token_type_ids is None:
        return [TokenSequence(each) for each in ids]
    return [TokenSequence(*pair) for pair in zip(ids, unpack(tokens.token_type_ids, lengths), strict=True)]


def budgeted(texts: Sequence[TokenSequence], budget: int) -> list[Batch]:
    """The texts as the queue would cut them: in order of arrival up to the budget, each batch sorted by length."""
    batches: list[Batch] = [[]]
    tokens = 0
    for text in texts:
        if batches[-1] and tokens + len(text) > budget:
            batches.append([])
            tokens = 0
        batches[-1].append(text)
        tokens += len(text)
    return [sorted(batch, key=len) for batch in batches]
