"""Overlap-add: exact for networks that work sample by sample, ordered for those that swap their outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from separate_cli.dsp.overlap import LambdaOverlapAdd, align_sources

GOLDENS = {
    name: torch.from_numpy(value) for name, value in np.load(Path(__file__).parent / "goldens" / "signals.npz").items()
}


def swapping(chunk: Tensor) -> Tensor:
    """Three sources from ``(batch, time)``, in an order that depends on the sign of the chunk's first sample."""
    sources = torch.stack([torch.tanh(chunk), chunk - torch.tanh(chunk), chunk.roll(1, -1) * 0.3], 1)
    return torch.where((chunk[:, :1] > 0).unsqueeze(-1), sources.flip(1), sources)


def split(chunk: Tensor) -> Tensor:
    """Two sources from ``(batch, time)`` or ``(batch, channel, time)``, sample by sample."""
    mono = chunk if chunk.ndim == 2 else chunk.mean(1)
    return torch.stack([torch.tanh(mono), mono - torch.tanh(mono)], 1)


def test_numbers_are_asteroids_where_its_window_is_exact() -> None:
    wave = GOLDENS["wave"]
    torch.testing.assert_close(LambdaOverlapAdd(swapping, 3, 32)(wave), GOLDENS["ola_hann"], atol=1e-6, rtol=0)
    plain = LambdaOverlapAdd(swapping, 3, 32, window=None, reorder_chunks=False)
    torch.testing.assert_close(plain(wave), GOLDENS["ola_plain"], atol=1e-6, rtol=0)


@pytest.mark.parametrize("window", ["hann", "hamming", "boxcar", None])
@pytest.mark.parametrize("hop", [1, 3, 7, 8, 11, 16])
@pytest.mark.parametrize("samples", [1, 5, 16, 100])
def test_what_works_sample_by_sample_is_unchanged_at_every_hop(window: str | None, hop: int, samples: int) -> None:
    wav = torch.randn(2, samples)
    out = LambdaOverlapAdd(split, 2, window_size=16, hop_size=hop, window=window)(wav)
    torch.testing.assert_close(out, split(wav), atol=1e-5, rtol=0)


def test_sources_that_swap_between_chunks_come_out_in_one_order() -> None:
    generator = torch.Generator().manual_seed(0)
    wav = torch.randn(2, 400, generator=generator)

    def shuffled(chunk: Tensor) -> Tensor:
        return split(chunk)[:, torch.randperm(2, generator=generator)]

    ordered = LambdaOverlapAdd(shuffled, 2, 32, 12)(wav)
    expected = split(wav)
    same = torch.isclose(ordered, expected, atol=1e-5).all((1, 2))
    swapped = torch.isclose(ordered.flip(1), expected, atol=1e-5).all((1, 2))
    assert (same | swapped).all()
    left = LambdaOverlapAdd(shuffled, 2, 32, 12, reorder_chunks=False)(wav)
    assert not torch.isclose(left, expected, atol=1e-5).all((1, 2)).any()


@pytest.mark.parametrize("at_once", [2, 5, 100])
def test_several_chunks_at_once_change_nothing(at_once: int) -> None:
    wav = torch.randn(2, 200)
    one, many = (LambdaOverlapAdd(swapping, 3, 32, 12, chunks_at_once=count)(wav) for count in (1, at_once))
    torch.testing.assert_close(one, many)


def test_shapes_of_waves_and_chunks() -> None:
    seen: list[tuple[int, ...]] = []

    def watching(chunk: Tensor) -> Tensor:
        seen.append(tuple(chunk.shape))
        return split(chunk)

    overlap_add = LambdaOverlapAdd(watching, 2, 16)
    assert overlap_add(torch.randn(50)).shape == (2, 50)
    assert overlap_add(torch.randn(3, 50)).shape == (3, 2, 50)
    assert overlap_add(torch.randn(3, 1, 50)).shape == (3, 2, 50)
    assert set(seen) == {(1, 16), (3, 16)}
    seen.clear()
    assert overlap_add(torch.randn(3, 4, 50)).shape == (3, 2, 50)
    assert set(seen) == {(3, 4, 16)}


def test_gradients_flow_only_when_asked_for() -> None:
    wav = torch.randn(1, 40, dtype=torch.float64, requires_grad=True)
    assert not LambdaOverlapAdd(split, 2, 16)(wav).requires_grad
    learning = LambdaOverlapAdd(split, 2, 8, 3, enable_grad=True).double()
    assert torch.autograd.gradcheck(learning, wav[:, :12].detach().requires_grad_())


def test_facts_of_the_network_are_kept() -> None:
    class Network(torch.nn.Module):
        sample_rate, in_channels = 8000, 1

        def forward(self, wav: Tensor) -> Tensor:
            return split(wav)

    overlap_add = LambdaOverlapAdd(Network(), 2, 16)
    assert (overlap_add.sample_rate, overlap_add.in_channels) == (8000, 1)
    assert not overlap_add.state_dict()


def test_sources_are_aligned_by_shape_not_by_level_or_offset() -> None:
    earlier = torch.randn(3, 6, 50)
    order = torch.stack([torch.randperm(6) for _ in range(3)])
    later = earlier.take_along_dim(order.unsqueeze(-1), 1) + torch.arange(6.0)[None, :, None]
    aligned = align_sources(later, earlier)
    torch.testing.assert_close(aligned - aligned.mean(-1, keepdim=True), earlier - earlier.mean(-1, keepdim=True))


def test_misuse_is_refused() -> None:
    for arguments in ({"hop_size": 17}, {"hop_size": 0}, {"window": "han"}, {"chunks_at_once": 0}):
        with pytest.raises(ValueError, match=r"window|hop|chunk"):
            LambdaOverlapAdd(split, 2, 16, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one source"):
        LambdaOverlapAdd(split, 0, 16)
    with pytest.raises(ValueError, match=r"\(1, 3, 16\)"):
        LambdaOverlapAdd(split, 3, 16)(torch.randn(50))
    for wav in (torch.randn(0), torch.randn(1, 1, 1, 50)):
        with pytest.raises(ValueError, match="time"):
            LambdaOverlapAdd(split, 2, 16)(wav)
