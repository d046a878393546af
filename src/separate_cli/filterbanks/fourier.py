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

from separate_cli.filterbanks.synthesis import overlap_add

__all__ = ["analyse", "synthesise"]


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
    before = (n_filters - len(window)) // 2
    stretches = wav.squeeze(1).unfold(-1, len(window), stride) * window  # (batch, frame, kernel)
    placed = functional.pad(stretches, (before, n_filters - len(window) - before))
    spectrum = torch.fft.rfft(placed).mT  # (batch, freq, frame)
    frames = torch.cat([spectrum.real, spectrum.imag], dim=1)
    frames[:, [0, n_filters // 2]] *= math.sqrt(0.5)
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
    before = (n_filters - len(window)) // 2
    spectrum = torch.complex(*frames.chunk(2, 1))  # (batch, freq, frame)
    # The inverse transform halves all bins but DC and Nyquist, and divides by the number of points.
    spectrum[:, [0, -1]] *= math.sqrt(2)
    points = torch.fft.irfft(spectrum, n=n_filters, dim=1)[:, before : before + len(window)]
    return overlap_add(points * (window * (n_filters / 2)).unsqueeze(1), stride)
