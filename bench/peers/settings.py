"""What `bench.compare` tells the server of a peer. In the environment: it starts its workers itself."""

import os
from dataclasses import dataclass
from pathlib import Path

FORWARDS = ("padded", "packed")


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """What to serve, and how to compute it."""

    model_directory: Path
    forward: str
    """`padded`: rectangles of 16, as every other server has them. `packed`: ours."""
    port: int

    @classmethod
    def load(cls) -> "PeerSettings":
        """From `BENCH_MODEL_DIRECTORY`, `BENCH_FORWARD` and `BENCH_PORT`."""
        values = [os.environ[f"BENCH_{name}"] for name in ("MODEL_DIRECTORY", "FORWARD", "PORT")]  # noqa: TID251
        return cls(Path(values[0]), values[1], int(values[2]))


WORKERS = 2
BATCH_REQUESTS = 16
BATCH_WAIT_SECONDS = 0.01
"""Mosec's and Ray Serve's own default, for those that have none."""
