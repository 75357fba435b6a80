"""The clock of a server, which a test sets while it runs: `time.time` is off by what a file says (`servers/faults`)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SkewedClock:
    """Of every Python process that gets the environment, for as long as the file is there."""

    file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"CLOCK_FILE": str(self.file), "PYTHONPATH": str(Path(__file__).parent / "faults")}

    def set(self, seconds: float) -> None:
        """Let it be off by so much from now on."""
        other = self.file.with_suffix(".new")
        other.write_text(str(seconds))
        other.replace(self.file)
