"""Attention for a packed batch: every sequence sees itself alone, though all lie in one row.

`model.py` has these functions registered with `transformers`, which calls them in each layer. Nothing of another
sequence is computed, so nothing has to be masked.

Dimensions: B sequences, T tokens of one, N tokens of all, H heads, D the width of a head.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from predictor.packing import Packed
from predictor.placement import Device, Placement, Precision

SDPA = "packed_sdpa"
VARLEN = "packed_varlen"


def registered(placement: Placement) -> list[str]:
    """The packed attentions for this placement, best first, by the names under which `transformers` now knows them."""
    AttentionInterface.register(SDPA, packed_sdpa)
    if placement.device is not Device.CUDA or placement.precision is not Precision.BFLOAT16:
        return [SDPA]
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415 - it loads CUDA kernels

    AttentionInterface.register(VARLEN, partial(packed_varlen, kernel=varlen_attn))
    return [VARLEN, SDPA]


class Layout:
    """Where the sequences of a packed batch lie, for the attention of every layer."""

    def __init__(self, packed: Packed, device: torch.device) -> None:
        self.runs = packed.runs
        self.boundaries = torch.from_numpy(packed.boundaries).to(device)  # (B + 1)
        self.longest = max(packed.lengths)


def packed_sdpa(  # noqa: PLR0913 - the signature is that of `transformers`
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _attention_mask: None,
    *,
    packed_layout: Layout,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention within each sequence: one call a run of equal lengths.

    Shapes: query, key and value (1, H, N, D); result (1, N, H, D).
    """
    heads = []
    for run in packed_layout.runs:
        q, k, v = (
            part[0, :, run.start : run.stop].view(part.shape[1], run.sequences, run.length, -1).transpose(0, 1)
            for part in (query, key, value)
        )  # (B, H, T, D)
        band = _band(run.length, sliding_window, query.device)
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=band, scale=scaling)
        heads.append(mixed.transpose(1, 2).flatten(0, 1))  # (B * T, H, D)
    return torch.cat(heads).unsqueeze(0), None


def packed_varlen(  # noqa: PLR0913 - the signature is that of `transformers`
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _attention_mask: None,
    *,
    packed_layout: Layout,
    kernel: Callable[..., Any],
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention within each sequence, all in one call of a variable-length `kernel` (CUDA, half precision).

    Shapes: query, key and value (1, H, N, D); result (1, N, H, D).
    """
    q, k, v = (part[0].transpose(0, 1) for part in (query, key, value))  # (N, H, D)
    reach = -1 if sliding_window is None else sliding_window - 1
    bounds, longest = packed_layout.boundaries, packed_layout.longest
    mixed = kernel(q, k, v, bounds, bounds, longest, longest, scale=scaling, window_size=(reach, reach))
    return mixed.unsqueeze(0), None


def _band(length: int, window: int | None, device: torch.device) -> Tensor | None:
    """Which tokens a local layer lets see each other, those less than `window` apart (T, T); None: all."""
    if window is None or length <= window:
        return None
    at = torch.arange(length, device=device)
    return (at[:, None] - at).abs() < window
