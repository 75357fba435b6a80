"""Text to tokens, exactly as the model version's own `tokenizer.json` says, with the place of every token in the text.

Serving and training both encode here, so that a model never meets tokens at work that it did not see in training.
Knows no windows and no labels.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import tokenizers

from summit_inference.errors import ArtifactError
from transformers_stage.case_classes import case_class

_DEFAULT_POSITIONS = 512
_PLAIN_TYPE_VOCABULARY = 2  # BERT's two segments; a larger table holds case classes


@dataclass(frozen=True, slots=True)
class Encoding:
    """The tokens of one text, without special tokens.

    Shapes: every array is [T].
    Units: `starts` and `ends` are code points of the text, end exclusive.
    """

    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    is_word_start: npt.NDArray[np.bool_]
    token_type_ids: npt.NDArray[np.int64] | None
    """Case classes, for the models whose config asks for them; None for the others."""

    def __len__(self) -> int:
        return len(self.ids)


class Tokenizer:
    """One model version's tokenizer."""

    def __init__(self, engine: tokenizers.Tokenizer, *, case_classes: bool, max_tokens: int) -> None:
        self._engine = engine
        self._engine.no_padding()
        self._engine.no_truncation()
        self._engine.encode_special_tokens = True  # "[SEP]" in a caller's text is five characters, not a command
        self.has_token_types = case_classes
        self.max_tokens = max_tokens
        self.prefix_ids, self.suffix_ids = _special_ids(engine)

    @classmethod
    def load(cls, directory: Path, config: Mapping[str, Any] | None = None) -> Self:
        """The tokenizer in `directory`, for the model with this `config`: that beside it where none is given.

        Raises:
            ArtifactError: there is no `tokenizer.json`: the model was logged with a slow tokenizer.
        """
        if not (directory / "tokenizer.json").is_file():
            raise ArtifactError("The model has no tokenizer.json: log it with its fast tokenizer.")
        config = config or json.loads((directory / "config.json").read_bytes())
        return cls(
            tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json")),
            case_classes=(config.get("type_vocab_size") or 0) > _PLAIN_TYPE_VOCABULARY,
            max_tokens=_max_tokens(config),
        )

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """One encoding a text, in order."""
        encoded = self._engine.encode_batch(list(texts), add_special_tokens=False)
        return [self._encoding(text, encoding) for text, encoding in zip(texts, encoded, strict=True)]

    def _encoding(self, text: str, encoding: tokenizers.Encoding) -> Encoding:
        places = [_without_leading_space(text, start, end) for start, end in encoding.offsets]
        offsets = np.asarray(places, dtype=np.int64).reshape(-1, 2)
        is_word_start = _is_word_start(np.asarray(encoding.word_ids, dtype=np.int64))
        return Encoding(
            ids=np.asarray(encoding.ids, dtype=np.int64),
            starts=offsets[:, 0],
            ends=offsets[:, 1],
            is_word_start=is_word_start,
            token_type_ids=_case_classes(text, is_word_start, places) if self.has_token_types else None,
        )


def _max_tokens(config: Mapping[str, Any]) -> int:
    """How long a sequence the encoder takes, special tokens included.

    RoBERTa's kin count positions from the padding id.
    """
    positions = int(config.get("max_position_embeddings") or _DEFAULT_POSITIONS)
    is_roberta = str(config.get("model_type", "")).endswith(("roberta", "roberta-xl", "camembert"))
    return positions - int(config.get("pad_token_id") or 0) - 1 if is_roberta else positions


def _without_leading_space(text: str, start: int, end: int) -> tuple[int, int]:
    """Byte-level tokenizers count the space before a word into its first token; a span must not."""
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _is_word_start(word_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each token is of another word than the one before it [T]."""
    is_start = np.ones(len(word_ids), dtype=np.bool_)
    np.not_equal(word_ids[1:], word_ids[:-1], out=is_start[1:])
    return is_start


def _case_classes(
    text: str, is_word_start: npt.NDArray[np.bool_], places: Sequence[tuple[int, int]]
) -> npt.NDArray[np.int64]:
    """The case class of each token's whole word [T]."""
    bounds = [*np.flatnonzero(is_word_start).tolist(), len(places)]
    classes = [case_class(text[places[first][0] : places[end - 1][1]]) for first, end in pairwise(bounds)]
    return np.repeat(np.asarray(classes, dtype=np.int64), np.diff(bounds))


def _special_ids(engine: tokenizers.Tokenizer) -> tuple[list[int], list[int]]:
    """The ids that the model's template puts before and after a text."""
    framed = engine.encode("a")
    content = [at for at, special in enumerate(framed.special_tokens_mask) if not special]
    return framed.ids[: content[0]], framed.ids[content[-1] + 1 :]
