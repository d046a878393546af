"""Parametrised sinc filterbank: band-pass filters of which only the two band edges are learned.

    low, band (n_filters / 2) in Hz --windowed difference of two sincs--> cosine filters above sine filters

Source: Ravanelli & Bengio, "Speaker recognition from raw waveform with SincNet", SLT 2018; with quadrature partners by
Pariente et al., "Filterbank design for end-to-end speech separation", ICASSP 2020, section 3.2.
Checked: tests/filterbanks/test_param_sinc.py (golden numbers, frequency responses).
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from separate_cli.filterbanks.base import Filterbank
from separate_cli.filterbanks.catalogue import FILTERBANKS

__all__ = ["ParamSincFB"]


@FILTERBANKS.add("param_sinc")
class ParamSincFB(Filterbank):
    """Band-pass filters with learned edges, at first evenly spread over the mel scale from 30 Hz.

    Args:
        n_filters: Cosine and sine filters together; an odd number is rounded down.
        kernel_size: Length of a filter in samples; an even length becomes one longer, so that there is a middle.
        stride: Samples between two frames; half the kernel unless given.
        sample_rate: In Hz.
        min_low_hz: Lowest lower edge.
        min_band_hz: Narrowest band.

    Raises:
        ValueError: If there is not one pair of filters, or no room between the lowest edge and half the sample rate.

    >>> bank = ParamSincFB(n_filters=64, kernel_size=32)
    >>> bank.filters().shape, bank.kernel_size
    (torch.Size([64, 1, 33]), 33)
    """

    own_arguments: ClassVar[tuple[str, ...]] = ("min_low_hz", "min_band_hz")
    window_: Tensor
    n_: Tensor

    def __init__(
        self,
        n_filters: int,
        kernel_size: int,
        stride: int | None = None,
        sample_rate: float = 16000.0,
        *,
        min_low_hz: float = 50,
        min_band_hz: float = 50,
    ) -> None:
        stride = stride if stride is not None else kernel_size // 2
        super().__init__(n_filters, kernel_size // 2 * 2 + 1, stride=stride, sample_rate=sample_rate)
        highest = sample_rate / 2 - (min_low_hz + min_band_hz)
        if self.n_filters < 2:
            raise ValueError(f"Expected at least 2 filters, a cosine and a sine, got {n_filters}.")
        if min_low_hz < 0 or min_band_hz < 0 or highest <= _LOWEST_HZ:
            raise ValueError(
                f"No room for bands: min_low_hz {min_low_hz}, min_band_hz {min_band_hz}, {sample_rate} Hz."
            )
        self.min_low_hz = min_low_hz
        self.min_band_hz = min_band_hz
        pairs = self.n_filters // 2
        self.n_feats_out = 2 * pairs
        mels = np.linspace(_to_mel(_LOWEST_HZ), _to_mel(highest), pairs + 1, dtype=np.float32)
        edges = (700 * (10 ** (mels / 2595) - 1)).astype(np.float32)
        self.low_hz_ = nn.Parameter(torch.from_numpy(edges[:-1]).unsqueeze(1))
        self.band_hz_ = nn.Parameter(torch.from_numpy(np.diff(edges)).unsqueeze(1))
        half = self.kernel_size // 2
        self.register_buffer("window_", torch.from_numpy(np.hamming(self.kernel_size)[:half]).float())
        self.register_buffer("n_", 2 * math.pi * torch.arange(-half, 0.0).unsqueeze(0) / sample_rate)

    def filters(self) -> Tensor:
        """Cosine filters above sine filters, ``(n_feats_out, 1, kernel)``, with 1 at the cosines' middle."""
        low = self.min_low_hz + self.low_hz_.abs()
        high = (low + self.min_band_hz + self.band_hz_.abs()).clamp(max=self.sample_rate / 2)
        cosines = self._shaped(torch.sin(high * self.n_) - torch.sin(low * self.n_), high - low)
        sines = self._shaped(torch.cos(low * self.n_) - torch.cos(high * self.n_), high - low)
        middle = torch.ones_like(low)
        even = torch.cat([cosines, middle, cosines.flip(1)], dim=1)
        odd = torch.cat([sines, 0 * middle, -sines.flip(1)], dim=1)
        return torch.cat([even, odd]).unsqueeze(1)

    def _shaped(self, waves: Tensor, band_hz: Tensor) -> Tensor:
        """The left half of filters, ``(pairs, half)``, under the window and scaled to 1 in the middle."""
        return waves / (self.n_ / 2) * self.window_ / (2 * band_hz)


_LOWEST_HZ = 30.0
"""Where the first band begins, before ``min_low_hz`` is added."""


def _to_mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))
