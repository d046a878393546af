"""Mel spectrogram: the magnitude of an STFT, summed in triangles that are evenly spaced to the ear.

    wave (..., time) --STFTFB--> --magnitude--> (..., freq, frame) --triangles--> (..., mel, frame)

Source: Slaney, "Auditory toolbox", 1998 (linear below 1 kHz, logarithmic above).
Checked: tests/filterbanks/test_mel.py (figures computed by librosa 0.11, triangles' areas).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from separate_cli.filterbanks.catalogue import FILTERBANKS
from separate_cli.filterbanks.stft import STFTFB, Window
from separate_cli.filterbanks.transforms import mag

__all__ = ["MelGramFB", "MelNorm", "MelScale", "mel_triangles"]

Array = np.ndarray[Any, np.dtype[np.float64]]
MelNorm = Literal["slaney"] | float | None

_HZ_PER_MEL, _BREAK_HZ, _STEP = 200 / 3, 1000.0, math.log(6.4) / 27  # Slaney's three constants


def mel_triangles(
    n_freqs: int,
    sample_rate: float,
    *,
    n_mels: int = 40,
    fmin: float = 0.0,
    fmax: float | None = None,
    norm: MelNorm = "slaney",
) -> Array:
    """Weights of the frequency bins in each mel band.

    Args:
        n_freqs: Bins from 0 Hz to half the sample rate.
        sample_rate: In Hz.
        n_mels: Number of bands.
        fmin: Lower edge of the lowest band in Hz.
        fmax: Upper edge of the highest band in Hz; half the sample rate unless given.
        norm: ``"slaney"``: triangles of equal area; a number ``p``: of equal p-norm; None: of equal height, 1.

    Returns:
        ``(n_mels, n_freqs)``, as ``librosa.filters.mel`` gives it.

    Raises:
        ValueError: If the edges are not in order within 0 and half the sample rate, or a size or norm is impossible.

    >>> mel_triangles(n_freqs=5, sample_rate=8000.0, n_mels=2, norm=None).round(2)
    array([[0.  , 0.78, 0.  , 0.  , 0.  ],
           [0.  , 0.22, 0.9 , 0.45, 0.  ]])
    """
    top = sample_rate / 2 if fmax is None else fmax
    if not 0 <= fmin < top <= sample_rate / 2:
        raise ValueError(f"Expected 0 <= fmin < fmax <= {sample_rate / 2} Hz, got fmin {fmin} and fmax {fmax}.")
    if n_mels < 1 or n_freqs < 2:
        raise ValueError(f"Expected at least 1 band and 2 bins, got {n_mels} and {n_freqs}.")
    bins = np.linspace(0, sample_rate / 2, n_freqs)
    edges = _to_hz(np.linspace(_to_mel(fmin), _to_mel(top), n_mels + 2))
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    if norm is None:
        return triangles
    if norm == "slaney":
        scale: Array = 2 / (edges[2:] - edges[:-2])
    elif isinstance(norm, (int, float)) and norm > 0:
        length = np.linalg.norm(triangles, ord=norm, axis=1)
        scale = 1 / np.where(length > 0, length, 1)
    else:
        raise ValueError(f"norm must be 'slaney', a positive number or None, got {norm!r}.")
    return triangles * scale[:, None]


def _to_mel(hz: float) -> float:
    return hz / _HZ_PER_MEL if hz < _BREAK_HZ else _BREAK_HZ / _HZ_PER_MEL + math.log(hz / _BREAK_HZ) / _STEP


def _to_hz(mel: Array) -> Array:
    corner = _BREAK_HZ / _HZ_PER_MEL
    above: Array = _BREAK_HZ * np.exp(_STEP * (mel - corner))
    return np.where(mel < corner, mel * _HZ_PER_MEL, above)


class MelScale(nn.Module):
    """Sum frequency bins in mel bands.

    Args:
        n_filters: Points of the transform, even; ``n_filters // 2 + 1`` bins come in.
        sample_rate: In Hz.
        n_mels: See ``mel_triangles``, also for the rest.
    """

    fb_mat: Tensor

    def __init__(
        self,
        n_filters: int,
        sample_rate: float = 8000.0,
        *,
        n_mels: int = 40,
        fmin: float = 0.0,
        fmax: float | None = None,
        norm: MelNorm = "slaney",
    ) -> None:
        super().__init__()
        triangles = mel_triangles(n_filters // 2 + 1, sample_rate, n_mels=n_mels, fmin=fmin, fmax=fmax, norm=norm)
        self.register_buffer("fb_mat", torch.from_numpy(triangles).float().unsqueeze(0))

    def forward(self, spec: Tensor) -> Tensor:
        """``(..., freq, frame)`` to ``(..., mel, frame)``."""
        return torch.matmul(self.fb_mat[0], spec)


@FILTERBANKS.add("mel")
class MelGramFB(STFTFB):
    """Mel spectrogram of magnitudes. There is no way back: a decoder of it refuses.

    Args:
        n_filters: Points of the transform, even, at least ``kernel_size``.
        kernel_size: Length of the window in samples.
        stride: Samples between two frames; half the kernel unless given.
        window: As in ``STFTFB``.
        sample_rate: In Hz.
        n_mels: Number of bands, which is ``n_feats_out``; see ``mel_triangles``, also for the rest.

    >>> from separate_cli.filterbanks import Encoder
    >>> Encoder(MelGramFB(n_filters=256, kernel_size=256, n_mels=20))(torch.randn(2, 1, 1000)).shape
    torch.Size([2, 20, 6])
    """

    own_arguments: ClassVar[tuple[str, ...]] = ("n_mels", "fmin", "fmax", "norm")

    def __init__(
        self,
        n_filters: int,
        kernel_size: int,
        stride: int | None = None,
        window: Window | None = None,
        sample_rate: float = 8000.0,
        *,
        n_mels: int = 40,
        fmin: float = 0.0,
        fmax: float | None = None,
        norm: MelNorm = "slaney",
    ) -> None:
        super().__init__(n_filters, kernel_size, stride=stride, window=window, sample_rate=sample_rate)
        self.n_mels, self.fmin, self.fmax, self.norm = n_mels, fmin, fmax, norm
        self.n_feats_out = n_mels
        self.mel_scale = MelScale(n_filters, sample_rate, n_mels=n_mels, fmin=fmin, fmax=fmax, norm=norm)

    def post_analysis(self, frames: Tensor) -> Tensor:
        """Magnitude, then mel bands."""
        mels: Tensor = self.mel_scale(mag(frames))
        return mels

    def pre_synthesis(self, frames: Tensor) -> Tensor:
        """Refuse: neither phase nor fine structure is left."""
        raise ValueError("A mel spectrogram cannot be turned back into a wave; use a vocoder, or another filterbank.")
