"""Windowed sinusoids by the fast Fourier transform: what ``STFTFB``'s filters give, many times faster.

    analyse:    wave (batch, 1, time) --stretches, window, rfft--> (batch, 2 * freq, frame)
    synthesise: frames (batch, 2 * freq, frame) --irfft, window, overlap-add--> (batch, 1, time)

Checked: tests/filterbanks/test_stft.py (both against convolution; gradients).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["analyse", "synthesise"]

_BLOCK = 512
"""Frames that are worked on at once, so that what lies between wave and frames stays in the cache."""


def analyse(wav: Tensor, window: Tensor, n_filters: int, stride: int) -> Tensor:
    """Frames of real parts above imaginary parts; DC and Nyquist are scaled by ``1 / sqrt(2)``.

    Args:
        wav: ``(batch, 1, time)``.
        window: ``(kernel)``, with the scale of the transform; placed in the middle of ``n_filters`` points.
        n_filters: Points of the transform, even.
        stride: Samples between two frames.

    Returns:
        ``(batch, n_filters + 2, frame)``.
    """
    half, before = n_filters // 2 + 1, (n_filters - len(window)) // 2
    stretches = wav.squeeze(1).unfold(-1, len(window), stride)  # (batch, frame, kernel)
    batch, count, _ = stretches.shape
    frames = wav.new_empty(batch, 2 * half, count)
    for block in _blocks(count, wav):
        placed = functional.pad(stretches[:, block] * window, (before, n_filters - len(window) - before))
        spectrum = torch.fft.rfft(placed).mT  # (batch, freq, frame)
        frames[:, :half, block] = spectrum.real
        frames[:, half:, block] = spectrum.imag
    frames[:, [0, half - 1]] *= math.sqrt(0.5)
    return frames


def synthesise(frames: Tensor, window: Tensor, n_filters: int, stride: int) -> Tensor:
    """The wave that the same sinusoids, weighted by ``frames``, add up to: the adjoint of ``analyse``.

    Args:
        frames: ``(batch, n_filters + 2, frame)``.
        window: As in ``analyse``.
        n_filters: Points of the transform, even.
        stride: Samples between two frames.

    Returns:
        ``(batch, 1, (frame - 1) * stride + kernel)``.
    """
    batch, _, count = frames.shape
    kernel, before = len(window), (n_filters - len(window)) // 2
    overlap = -(-kernel // stride)
    hops = frames.new_zeros(batch, count + overlap - 1, stride)
    for block in _blocks(count, frames):
        spectrum = torch.complex(*frames[..., block].mT.contiguous().chunk(2, -1))  # (batch, frame, freq)
        # The inverse transform halves all bins but DC and Nyquist, and divides by the number of points.
        spectrum[..., [0, -1]] *= math.sqrt(2)
        points = torch.fft.irfft(spectrum, n=n_filters)[..., before : before + kernel]
        stretches = functional.pad(points * (window * (n_filters / 2)), (0, overlap * stride - kernel))
        parts = stretches.reshape(batch, -1, overlap, stride)
        for j in range(overlap):
            hops[:, block.start + j : block.start + j + parts.shape[1]] += parts[:, :, j]
    return hops.reshape(batch, 1, -1)[..., : (count - 1) * stride + kernel]


def _blocks(count: int, x: Tensor) -> list[slice]:
    """Slices of at most ``_BLOCK`` frames; one for all where gradients flow, which would be copied once a block."""
    size = count if x.requires_grad and torch.is_grad_enabled() else _BLOCK
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
