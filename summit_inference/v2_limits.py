"""What one V2 request may cost at most, so that no caller can fill the memory of a server."""

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one message; over one of them, the answer is TooLarge."""

    max_body_bytes: int = 64 * _MIB
    """Of a body, as received and as inflated: 4,000 texts of 16 KiB."""
    body_timeout_seconds: float = 30.0
    """For a body to arrive: a caller that stops sending must not hold its memory for ever."""
    max_json_bytes: int = 8 * _MIB
    """Of its JSON, which takes up to 30 times its size while it is read."""
    max_tensors: int = 64
    """Inputs, or outputs asked for."""
    max_tensor_elements: int = 4 * _MIB
    """Of one tensor, counted from its shape with every 0 as a 1."""
    max_dimensions: int = 8
    max_parameters: int = 64
    """Of one object of parameters."""
