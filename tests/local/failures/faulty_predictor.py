"""`python faulty_predictor.py GATE …`: the real predictor, over a model that hangs, fails and kills its lane on demand.

While the file GATE is there, forwards over the token `x` hang, and so do lanes that start; then there is also a file
with the suffix `.held`. A forward over `y` raises,
one over `z` ends its lane. All other arguments are the predictor's.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from servers.stages import WORDS

from predictor.__main__ import start
from predictor.model import Encoder
from predictor.packing import TokenLabels, TokenSequence
from serving.command import run

HANGS, FAILS, KILLS = (WORDS.index(word) for word in "xyz")
_LOOK_EVERY_SECONDS = 0.005


def break_model(gate: Path) -> None:
    """Put the faults into every encoder of this process."""
    sound_forward, sound_preparation = Encoder.forward, Encoder.prepare_thread

    def hang() -> None:
        held = gate.with_suffix(".held")
        while gate.exists():
            held.touch()
            time.sleep(_LOOK_EVERY_SECONDS)

    def forward(self: Encoder, sequences: Sequence[TokenSequence]) -> list[TokenLabels]:
        tokens = {int(token) for sequence in sequences for token in sequence.input_ids}
        if KILLS in tokens:
            sys.exit("this lane was told to die")
        if FAILS in tokens:
            raise RuntimeError
        if HANGS in tokens:
            hang()
        return sound_forward(self, sequences)

    def prepare_thread(self: Encoder) -> None:
        hang()
        sound_preparation(self)

    Encoder.forward, Encoder.prepare_thread = forward, prepare_thread  # type: ignore[method-assign]


if __name__ == "__main__":
    break_model(Path(sys.argv.pop(1)))
    run(start)
