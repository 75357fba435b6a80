"""`python coverage_guided.py RUNS CORPUS`: bodies that reach ever more of the codec, made by libFuzzer through atheris.

The first byte of an input chooses what decodes the rest. Any exception but our own ends the process with a traceback.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["summit_inference"]):
    from contract.v2 import test_hostile_bodies as bodies


def decode(data: bytes) -> None:
    """Over REST as JSON alone, over REST as JSON with raw tensors behind it, or over gRPC."""
    form, body = data[:1], data[1:]
    if form == b"j":
        bodies.over_rest(body)
    elif form == b"b":
        bodies.over_rest(body[2:], int.from_bytes(body[:2], "little"))
    else:
        bodies.over_grpc(body)


def plant(corpus: Path) -> None:
    """The bodies to begin with: valid ones of every form."""
    length = bodies._AT.to_bytes(2, "little")
    seeds = (b"j" + bodies._JSON, b"b" + length + bodies._BINARY, b"t" + bodies._TYPED, b"r" + bodies._RAW)
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)


if __name__ == "__main__":
    runs, corpus = sys.argv[1:]
    plant(Path(corpus))
    atheris.Setup([sys.argv[0], f"-runs={runs}", "-max_len=4096", "-timeout=5", "-rss_limit_mb=1024", corpus], decode)
    atheris.Fuzz()
