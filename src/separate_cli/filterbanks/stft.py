"""STFT as a filterbank: fixed windowed sinusoids, real parts first, then imaginary parts.

    wave (..., time) --correlate with w[n] exp(-2 pi i f n / n_filters)--> (..., n_filters + 2, frame)

With the default window (square root of a periodic Hann) and a stride that divides half the kernel, the decoder undoes
the encoder, except for a kernel's length at either end.

Source: Pariente et al., "Filterbank design for end-to-end speech separation", ICASSP 2020, section 2.
Checked: tests/filterbanks/test_stft.py (NumPy's FFT, golden numbers, perfect reconstruction).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from separate_cli.filterbanks import fourier
from separate_cli.filterbanks.base import Filterbank
from separate_cli.filterbanks.catalogue import FILTERBANKS
from separate_cli.filterbanks.recording import is_eager

__all__ = ["STFTFB", "Window", "perfect_synthesis_window"]

_FFT_PAYS = 256
"""Points from which the FFT is quicker than the filters, both ways; measured by benchmarks/filterbanks.py."""

Window = Tensor | np.ndarray[Any, np.dtype[Any]] | Sequence[float]


@FILTERBANKS.add("stft")
class STFTFB(Filterbank):
    """Short-time Fourier transform, scaled so that the pair of encoder and decoder has unit gain.

    Args:
        n_filters: Points of the transform, even, at least ``kernel_size``; ``n_feats_out`` is ``n_filters + 2``.
        kernel_size: Length of the window in samples.
        stride: Samples between two frames; half the kernel unless given.
        window: ``kernel_size`` numbers; the square root of a periodic Hann window unless given.
        sample_rate: In Hz.

    Raises:
        ValueError: If ``n_filters`` is odd or below ``kernel_size``, or the window has another length.

    >>> STFTFB(n_filters=256, kernel_size=256, stride=64).filters().shape
    torch.Size([258, 1, 256])
    """

    _filters: Tensor
    torch_window: Tensor

    def __init__(
        self,
        n_filters: int,
        kernel_size: int,
        stride: int | None = None,
        window: Window | None = None,
        sample_rate: float = 8000.0,
    ) -> None:
        super().__init__(n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        if self.n_filters % 2 or self.n_filters < self.kernel_size:
            raise ValueError(f"n_filters must be even and at least kernel_size ({kernel_size}), got {n_filters}.")
        taps = _taps(window, self.kernel_size)
        self.n_feats_out = self.n_filters + 2
        self.register_buffer("_filters", torch.from_numpy(self._basis() * taps).float().unsqueeze(1))
        self.register_buffer("torch_window", torch.from_numpy(taps).float())
        self._known: tuple[Tensor, int, bool] | None = None

    def _basis(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Scaled cosines above minus sines, ``(n_feats_out, kernel)``; a short kernel sits in the middle."""
        start = (self.n_filters - self.kernel_size) // 2
        time = np.arange(start, start + self.kernel_size)
        turns = np.outer(np.arange(self.n_filters // 2 + 1), time) % self.n_filters  # exact: integers
        waves = np.exp(-2j * np.pi * turns / self.n_filters)
        waves[[0, -1]] /= np.sqrt(2)  # DC and Nyquist have no mirror image
        waves *= self._scale
        return np.concatenate([waves.real, waves.imag])

    @property
    def _scale(self) -> float:
        return 2 / math.sqrt(self.kernel_size * self.n_filters / self.stride)

    def filters(self) -> Tensor:
        """The windowed sinusoids, ``(n_feats_out, 1, kernel)``."""
        return self._filters

    def quick_analysis(self, wav: Tensor) -> Tensor | None:
        """The same frames by FFT, unless a graph is being recorded or the filters are not those of the window."""
        if not self._is_transform(wav):
            return None
        return fourier.analyse(wav, self.torch_window * self._scale, self.n_filters, self.stride)

    def quick_synthesis(self, frames: Tensor) -> Tensor | None:
        """The same wave by inverse FFT, under the same conditions."""
        if not self._is_transform(frames):
            return None
        return fourier.synthesise(frames, self.torch_window * self._scale, self.n_filters, self.stride)

    def _is_transform(self, x: Tensor) -> bool:
        """Whether the FFT can stand in for the filters, which may have been loaded from anywhere, on ``x``."""
        filters = self._filters
        if self.n_filters < _FFT_PAYS or not is_eager():
            return False
        if x.dtype != filters.dtype or x.dtype not in {torch.float32, torch.float64}:
            return False
        version = -1 if filters.is_inference() else filters._version
        if self._known is None or self._known[0] is not filters or self._known[1] != version:
            ours = torch.from_numpy(self._basis() * self.torch_window.double().cpu().numpy()).unsqueeze(1)
            same = torch.allclose(filters.double().cpu(), ours, rtol=0, atol=1e-6 * self._scale)
            self._known = (filters, version, same)
        return self._known[2]

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # Files written before the window was stored hold only the filters: they load with the window as constructed.
        state_dict.setdefault(f"{prefix}torch_window", self.torch_window)
        super()._load_from_state_dict(state_dict, prefix, *args)


def perfect_synthesis_window(analysis_window: Window, hop_size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The window of the ``STFTFB`` that undoes an ``STFTFB`` with ``analysis_window``, ``hop_size`` samples apart.

    Args:
        analysis_window: ``(kernel)``; at no position may its copies, ``hop_size`` apart, all be zero.
        hop_size: Samples between two frames, 1 to ``kernel``.

    Returns:
        ``(kernel)``, float64: the window over the sum of its squared copies, times ``kernel / (2 * hop_size)``, as the
        scale of ``STFTFB`` asks for.

    Raises:
        ValueError: If there are gaps between the frames, or zeros that nothing can undo.

    Source: Griffin & Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 32, 1984, eq. 6.

    >>> perfect_synthesis_window(np.ones(4), hop_size=1)
    array([0.5, 0.5, 0.5, 0.5])
    """
    window = np.asarray(analysis_window, dtype=np.float64)
    kernel = len(window)
    if not 1 <= hop_size <= kernel:
        raise ValueError(f"hop_size must be 1 to {kernel}, the window's length, got {hop_size}.")
    power = np.array([np.square(window[start::hop_size]).sum() for start in range(hop_size)])
    if not power.all():
        raise ValueError("The window is zero at some position of every hop: nothing can undo it.")
    dual: np.ndarray[Any, np.dtype[np.float64]] = window / power[np.arange(kernel) % hop_size]
    return dual * (kernel / (2 * hop_size))


def _taps(window: Window | None, kernel_size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    chosen = np.sqrt(np.hanning(kernel_size + 1)[:-1]) if window is None else window
    taps: np.ndarray[Any, np.dtype[np.float64]] = np.asarray(chosen, dtype=np.float64)
    if taps.shape != (kernel_size,):
        raise ValueError(f"Expected a window of {kernel_size} numbers, got shape {taps.shape}.")
    return taps
