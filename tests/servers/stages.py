"""Predictor, transformer and gateway as processes, over a tiny model that is made on the spot."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from servers.processes import answers, free_ports, running
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "angela", "merkel", "berlin", ".")
MODEL_VERSION = "3"


@dataclass(frozen=True)
class Listening:
    """One process, by its ports."""

    http: int
    grpc: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    @property
    def grpc_address(self) -> str:
        return f"127.0.0.1:{self.grpc}"


def save_tiny_model(directory: Path) -> None:
    """An encoder with random weights that takes case classes, and its tokenizer."""
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        type_vocab_size=6,
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    backend = BertWordPieceTokenizer(vocab={word: number for number, word in enumerate(WORDS)})
    BertTokenizerFast(tokenizer_object=backend._tokenizer).save_pretrained(directory)
    BertForTokenClassification(config).save_pretrained(directory)


@contextlib.contextmanager
def predictor(
    model: Path, folder: Path, command: Sequence[str] = ("-m", "predictor"), **settings: str
) -> Iterator[Listening]:
    """`python -m predictor`, or another command for the same, over the model in the directory."""
    environment = {"PREDICTOR_MODEL_DIRECTORY": str(model), "MODEL_VERSION": MODEL_VERSION}
    with _listening(command, "PREDICTOR", folder, environment | settings) as listening:
        yield listening


@contextlib.contextmanager
def transformer(
    model: Path, predictor_url: str, folder: Path, arguments: Sequence[str] = (), **settings: str
) -> Iterator[Listening]:
    """`python -m transformers_stage` before that predictor."""
    environment = {
        "TRANSFORMER_MODEL_DIRECTORY": str(model),
        "TRANSFORMER_PREDICTOR_URL": predictor_url,
        "MODEL_VERSION": MODEL_VERSION,
    }
    command = ("-m", "transformers_stage", *arguments)
    with _listening(command, "TRANSFORMER", folder, environment | settings) as listening:
        yield listening


@contextlib.contextmanager
def gateway(transformer_url: str, folder: Path, **settings: str) -> Iterator[Listening]:
    """`python -m gateway`, whose routes send everything to that transformer."""
    (metrics,) = free_ports(1)
    routes = folder / "routes.json"
    route = {"model_version": MODEL_VERSION, "percent": 100, "url": transformer_url, "shadow_percent": 0}
    routes.write_text(json.dumps({"generation": 1, "routes": [route]}))
    environment = {"GATEWAY_ROUTES_FILE": str(routes), "GATEWAY_METRICS_PORT": str(metrics)}
    with _listening(("-m", "gateway"), "GATEWAY", folder, environment | settings) as listening:
        yield listening


@contextlib.contextmanager
def _listening(
    command: Sequence[str], prefix: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[Listening]:
    http, grpc = free_ports(2)
    own = {
        f"{prefix}_LISTEN_HOST": "127.0.0.1",
        f"{prefix}_LISTEN_PORT": str(http),
        f"{prefix}_GRPC_PORT": str(grpc),
        f"{prefix}_DRAIN_SECONDS": "0",
    }
    with running(
        [sys.executable, "-P", *command],
        log=folder / f"{prefix.lower()}-{http}.log",
        is_ready=lambda: answers(http) and answers(grpc),
        environment={**own, **environment},
    ) as process:
        yield Listening(http, grpc, process)
