"""Which source is which: between consecutive chunks, and between the channels of a recording.

A model that gives sources in no particular order may swap them from one chunk to the next, and from one channel to
another. Chunks are compared sample by sample where they overlap: the order of least squared difference, which is that
of the greatest inner product. Channels hear a speaker with different delays, so there the loudness over time is
compared, over the whole recording.

Checked: tests/inference/test_align.py (every permutation is undone, silence keeps the order).
"""

from __future__ import annotations

import torch
from torch import Tensor

from separate_cli.losses.assignment import best_assignment

__all__ = ["ChannelOrder", "order_like"]

_FRAME_SAMPLES = 512


def order_like(before: Tensor, estimates: Tensor, *, overlap: int) -> Tensor:
    """Put the sources of a chunk into the order of the chunk before.

    Args:
        before: What the chunk before says about the overlap, ``(batch, source, overlap)``.
        estimates: The chunk; its first ``overlap`` samples are the same stretch of time, ``(batch, source, time)``.
        overlap: Samples in common.

    Returns:
        ``(batch, source, time)``. Where the overlap is silent, the order stays.

    >>> wave = torch.tensor([[[1.0, -1.0, 1.0, 5.0], [0.0, 1.0, -1.0, 6.0]]])
    >>> order_like(wave[..., :3], wave.flip(1), overlap=3)[..., -1].tolist()
    [[5.0, 6.0]]
    """
    product = estimates[..., :overlap] @ before.mT  # (batch, estimate, source before)
    return estimates.take_along_dim(best_assignment(-product).unsqueeze(-1), dim=1)


class ChannelOrder:
    """Collects, block by block, how loud each source is in each channel, and tells which belong together.

    Args:
        channels: Number of channels.
        n_sources: Sources of each.
    """

    def __init__(self, channels: int, n_sources: int) -> None:
        self._shape = (channels, n_sources)
        rows = channels * n_sources
        self._sum = torch.zeros(rows, dtype=torch.float64)
        self._products = torch.zeros(rows, rows, dtype=torch.float64)
        self._frames = 0

    def add(self, estimates: Tensor) -> None:
        """Take ``(channel, source, time)``; what does not fill a frame of 512 samples is left out."""
        n_frames = estimates.shape[-1] // _FRAME_SAMPLES
        whole = estimates[..., : n_frames * _FRAME_SAMPLES]
        frames = whole.reshape(len(self._sum), n_frames, _FRAME_SAMPLES)  # (row, frame, sample)
        loudness = frames.square().mean(-1).sqrt().double()  # (row, frame)
        self._sum += loudness.sum(-1)
        self._products += loudness @ loudness.T
        self._frames += loudness.shape[-1]

    def best(self) -> Tensor:
        """``(channel, source)``: the source of each channel that goes with source 0, 1, ... of the first channel."""
        channels, n_sources = self._shape
        covariance = self._products - torch.outer(self._sum, self._sum) / max(self._frames, 1)
        scale = covariance.diagonal().clamp(min=1e-20).sqrt()
        alike = (covariance / torch.outer(scale, scale))[:, :n_sources].reshape(channels, n_sources, n_sources)
        order = best_assignment(-alike)  # (channel, source of the first channel)
        order[0] = torch.arange(n_sources)
        return order
