"""Attention over a packed row, against attention over each sequence alone."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from predictor.attention import Layout, packed_sdpa, packed_varlen, registered
from predictor.packing import Packed, TokenSequence, pack
from predictor.placement import Device, Placement, Precision

HEADS, WIDTH = 2, 4
LENGTHS = (1, 3, 3, 7)


def packed() -> Packed:
    return pack([TokenSequence(np.ones(length, np.int64)) for length in LENGTHS])


def states() -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(1, sum(LENGTHS), HEADS, WIDTH).transpose(1, 2) for _ in range(3)]


def alone(query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
    """Each sequence by itself: (1, N, H, D)."""
    mixed, start = [], 0
    for length in LENGTHS:
        q, k, v = (part[:, :, start : start + length] for part in (query, key, value))
        at = torch.arange(length)
        near = (at[:, None] - at).abs() < (window or length + 1)
        mixed.append(scaled_dot_product_attention(q, k, v, attn_mask=near, scale=0.3).transpose(1, 2))
        start += length
    return torch.cat(mixed, dim=1)


@pytest.mark.parametrize("window", [None, 3, 100])
def test_every_sequence_sees_itself_alone(window: int | None) -> None:
    layout = Layout(packed(), torch.device("cpu"))
    query, key, value = states()
    mixed, weights = packed_sdpa(
        nn.Module(), query, key, value, None, packed_layout=layout, scaling=0.3, sliding_window=window
    )
    assert weights is None
    torch.testing.assert_close(mixed, alone(query, key, value, window))


@pytest.mark.parametrize("window", [None, 3])
def test_a_variable_length_kernel_is_told_where_sequences_begin(window: int | None) -> None:
    """On CUDA it is `torch.nn.attention.varlen`; here a slow kernel with the same signature."""
    layout = Layout(packed(), torch.device("cpu"))
    query, key, value = states()
    mixed, _ = packed_varlen(
        nn.Module(), query, key, value, None, packed_layout=layout, kernel=slow, scaling=0.3, sliding_window=window
    )
    torch.testing.assert_close(mixed, alone(query, key, value, window))


def slow(  # noqa: PLR0913, PLR0917 - torch's signature
    query: Tensor,
    key: Tensor,
    value: Tensor,
    starts: Tensor,
    key_starts: Tensor,
    longest: int,
    key_longest: int,
    **more: Any,
) -> Tensor:
    assert torch.equal(starts, key_starts)
    assert longest == key_longest == max(LENGTHS)
    before, after = more["window_size"]
    mixed = []
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        at = torch.arange(stop - start)
        distance = at - at[:, None]
        near = (before < 0) | ((distance >= -before) & (distance <= after))
        q, k, v = (part[start:stop].transpose(0, 1) for part in (query, key, value))
        mixed.append(scaled_dot_product_attention(q, k, v, attn_mask=near, scale=more["scale"]).transpose(0, 1))
    return torch.cat(mixed)


def test_a_cpu_has_one_packed_attention_and_cuda_in_bfloat16_a_faster_one_first() -> None:
    assert registered(Placement(Device.CPU, Precision.FLOAT32)) == ["packed_sdpa"]
    assert registered(Placement(Device.CUDA, Precision.FLOAT32)) == ["packed_sdpa"]
    assert registered(Placement(Device.CUDA, Precision.BFLOAT16)) == ["packed_varlen", "packed_sdpa"]
