"""Text to token sequences and labels back to spans, for one model version: all of the transformer but the hop.

The transformer calls the predictor between the two halves; `embedded` calls the engine in its own process. Pure.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from summit_inference.errors import ArtifactError
from summit_inference.spans import Span
from transformers_stage.bio import TagSet
from transformers_stage.tokenizer import Encoding, Tokenizer
from transformers_stage.windows import TokenLabels, Window, merge, windows


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """How long texts are cut. Units: tokens, without special tokens."""

    window_tokens: int = 254
    overlap_tokens: int = 64


@dataclass(frozen=True, slots=True)
class TokenSequences:
    """Texts as the encoder reads them: sequences with their special tokens, laid end to end.

    Shapes: `input_ids` and `token_type_ids` [total], `lengths` [B], which sum to total.
    """

    input_ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    token_type_ids: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """What `decode` needs to know again."""

    texts: Sequence[str]
    encodings: Sequence[Encoding]
    windows: Sequence[Sequence[Window]]
    sequences: TokenSequences


class TextPipeline:
    """The text side of one model version."""

    def __init__(self, tokenizer: Tokenizer, tags: TagSet, plan: WindowPlan) -> None:
        self._tokenizer, self._tags = tokenizer, tags
        self._frame_tokens = len(tokenizer.prefix_ids) + len(tokenizer.suffix_ids)
        room = tokenizer.max_tokens - self._frame_tokens
        self._window_tokens = min(plan.window_tokens, room)
        self._overlap_tokens = min(plan.overlap_tokens, self._window_tokens // 2)

    @classmethod
    def load(cls, model_directory: Path, tokenizer_directory: Path, plan: WindowPlan) -> Self:
        """The pipeline of an artifact: its tokenizer, and the labels of its config.

        Raises:
            ArtifactError: the config names no labels.
        """
        config = json.loads((model_directory / "config.json").read_bytes())
        if not config.get("id2label"):
            raise ArtifactError("The model's config.json has no id2label: log a token-classification model.")
        tags = TagSet({int(key): name for key, name in config["id2label"].items()})
        return cls(Tokenizer.load(tokenizer_directory, config), tags, plan)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that spans of this version can carry."""
        return self._tags.labels

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """The texts as sequences; a text without tokens (empty, say) makes none."""
        encodings = self._tokenizer.encode(texts)
        cuts = [self._windows(len(encoding)) for encoding in encodings]
        pieces = [(encoding, window) for encoding, of_text in zip(encodings, cuts, strict=True) for window in of_text]
        return EncodedTexts(texts, encodings, cuts, self._sequences(pieces))

    def _windows(self, token_count: int) -> list[Window]:
        if not token_count:
            return []
        return windows(token_count, window_tokens=self._window_tokens, overlap_tokens=self._overlap_tokens)

    def _sequences(self, pieces: Sequence[tuple[Encoding, Window]]) -> TokenSequences:
        before = np.asarray(self._tokenizer.prefix_ids, np.int64)
        after = np.asarray(self._tokenizer.suffix_ids, np.int64)
        ids = [part for e, w in pieces for part in (before, e.ids[w.start : w.end], after)]
        types = None
        if self._tokenizer.has_token_types:
            plain_before, plain_after = np.zeros_like(before), np.zeros_like(after)
            types = [
                part
                for e, w in pieces
                if e.token_type_ids is not None
                for part in (plain_before, e.token_type_ids[w.start : w.end], plain_after)
            ]
        return TokenSequences(
            input_ids=_joined(ids),
            lengths=np.asarray([len(window) + self._frame_tokens for _, window in pieces], np.int64),
            token_type_ids=None if types is None else _joined(types),
        )

    def decode(
        self, encoded: EncodedTexts, label_ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
    ) -> list[list[Span]]:
        """The spans of each text.

        Shapes: `label_ids` and `scores` [total], as `encoded.sequences`, special tokens included.
        """
        skip, at, answers = len(self._tokenizer.prefix_ids), 0, []
        for text, encoding, cuts in zip(encoded.texts, encoded.encodings, encoded.windows, strict=True):
            parts = []
            for window in cuts:
                inside = slice(at + skip, at + skip + len(window))
                parts.append((window, TokenLabels(label_ids[inside], scores[inside])))
                at += len(window) + self._frame_tokens
            answers.append(self._tags.spans(text, encoding, merge(parts)) if parts else [])
        return answers


def _joined(parts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
