"""A model directory as a function from texts to spans, to be judged: serving's text path around a forward pass."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModelForTokenClassification, PreTrainedModel

from summit_inference.spans import Span
from training.evaluate import Extract
from transformers_stage.pipeline import TextPipeline, TokenSequences, WindowPlan

_BATCH_SEQUENCES = 32


def extractor(directory: Path) -> Extract:
    """The extract function of the model in `directory`, a standard token-classification model with its tokenizer."""
    net = AutoModelForTokenClassification.from_pretrained(directory).eval()
    return extractor_of(net, TextPipeline.load(directory, directory, WindowPlan()))


def extractor_of(net: PreTrainedModel, pipeline: TextPipeline) -> Extract:
    """The extract function of a net that is not in training, and of the pipeline that goes with it."""

    def extract(texts: Sequence[str]) -> list[list[Span]]:
        encoded = pipeline.encode(texts)
        return pipeline.decode(encoded, *_labels(net, encoded.sequences))

    return extract


def _labels(net: PreTrainedModel, sequences: TokenSequences) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The likeliest label id of each token, and its probability. Shapes: [total]."""
    ends = np.cumsum(sequences.lengths)
    label_ids, scores = np.zeros(len(sequences.input_ids), np.int32), np.zeros(len(sequences.input_ids), np.float32)
    order = np.argsort(sequences.lengths, kind="stable")
    for start in range(0, len(order), _BATCH_SEQUENCES):
        places = [slice(ends[n] - sequences.lengths[n], ends[n]) for n in order[start : start + _BATCH_SEQUENCES]]
        for place, table in zip(places, _probabilities(net, sequences, places), strict=True):
            best = table.max(dim=-1)
            label_ids[place], scores[place] = best.indices.numpy(), best.values.numpy()
    return label_ids, scores


@torch.inference_mode()
def _probabilities(net: PreTrainedModel, sequences: TokenSequences, places: Sequence[slice]) -> Iterator[torch.Tensor]:
    """Of each sequence, the probability of each label at each token [T,L]."""
    inputs = {"input_ids": _table(sequences.input_ids, places)}
    inputs["attention_mask"] = _table(np.ones_like(sequences.input_ids), places)
    if sequences.token_type_ids is not None:
        inputs["token_type_ids"] = _table(sequences.token_type_ids, places)
    tables = net(**inputs).logits.softmax(-1)  # (B, T, L)
    return (table[: place.stop - place.start] for table, place in zip(tables, places, strict=True))


def _table(column: npt.NDArray[np.int64], places: Sequence[slice]) -> torch.Tensor:
    rows = [torch.from_numpy(column[place]) for place in places]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
