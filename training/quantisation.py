"""Arrays of small numbers in four bits each: what a fine-tuned weight differs by from the base fits a few megabytes.

Groups of 32 neighbours share one scale; the scale is the one of a few that loses least. Pure numpy.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GROUP = 32
_LARGEST = 7  # of a signed nibble, kept symmetric
_SHRINKS = np.linspace(0.6, 1.0, 9, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Quantised:
    """N numbers, a multiple of 32. Shapes: `nibbles` [N/2], the low nibble first; `scales` [N/32]."""

    nibbles: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float16]


def quantised(values: npt.NDArray[np.float32]) -> Quantised:
    """The numbers in four bits, in the order of `values.ravel()`.

    Raises:
        ValueError: their count is no multiple of 32.
    """
    groups = values.reshape(-1, GROUP).astype(np.float32)
    scales = _scales(groups)
    codes = (_codes(groups, scales.astype(np.float32)) & 0xF).astype(np.uint8).reshape(-1, 2)
    return Quantised((codes[:, 0] | codes[:, 1] << 4).astype(np.uint8), scales)


def restored(packed: Quantised, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """About the numbers that were quantised, in `shape`."""
    codes = np.stack([packed.nibbles & 0xF, packed.nibbles >> 4], axis=-1).astype(np.int8)
    signed = np.where(codes > _LARGEST, codes - 16, codes).reshape(-1, GROUP)
    return (signed * packed.scales.astype(np.float32)[:, None]).reshape(shape)


def _scales(groups: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    """Of each group, the scale with the least squared error."""
    widest = np.abs(groups).max(axis=1) / _LARGEST
    tried = (widest * _SHRINKS[:, None]).astype(np.float16)  # (S, G)
    errors = [np.square(_codes(groups, s.astype(np.float32)) * s[:, None] - groups).sum(axis=1) for s in tried]
    return np.asarray(tried[np.argmin(errors, axis=0), np.arange(len(groups))], dtype=np.float16)


def _codes(groups: npt.NDArray[np.float32], scales: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    safe = np.where(scales > 0, scales, 1)[:, None]
    return np.clip(np.rint(groups / safe), -_LARGEST, _LARGEST).astype(np.int8)
