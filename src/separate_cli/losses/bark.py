"""The Bark scale of PESQ: how FFT bins make critical bands, and how loud and wide each band is.

One row a band, from low to high; narrowband signals use the first 42. Bins are 31.25 Hz wide at both rates.

Source: ITU-T Rec. P.862 (2001) and P.862.2 (2007), the tables of the psychoacoustic model. Thresholds are in log10 of
power; widths in Bark; the Zwicker exponent follows from the widths (0.23, raised below 4 Bark).
Checked: tests/losses/test_pmsqe.py (sums, monotonic edges, exponents, the reference implementation's values).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["BarkScale", "bark_scale"]

_BINS = (
    *(1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 3, 4, 5, 4, 5),
    *(6, 6, 7, 8, 9, 9, 12, 12, 15, 16, 18, 21, 25, 20),
)
_CORRECTION = (
    *(100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 50.0, 100.0, 100.0, 100.0, 99.9999, 100.0001),
    *(53.0471, 110.0, 117.992, 65.0, 68.7601, 69.9999, 71.4288, 75.0, 76.8434, 80.9688, 88.6461, 63.8644, 68.1553),
    *(72.5478, 75.5848, 58.3792, 80.9508, 64.1357, 54.3848, 73.8219, 64.4371, 59.1765, 65.5213, 61.3998, 58.144),
    *(57.0045, 64.1263, 54.311, 61.115, 55.0778, 56.8493, 55.6289, 53.1371, 54.9858, 79.547),
)
_LOG10_THRESHOLD = (
    *(7.71, 6.39, 4.85, 3.69, 3.07, 2.59, 2.02, 1.66, 1.25, 0.99, 0.69, 0.49, 0.28, 0.1, -0.01, -0.14, -0.25),
    *(-0.34, -0.41, -0.48, -0.53, -0.57, -0.59, -0.6, -0.6, -0.6, -0.6, -0.58, -0.54, -0.51, -0.47, -0.43, -0.4),
    *(-0.36, -0.33, -0.31, -0.3, -0.3, -0.29, -0.28, -0.28, -0.28, -0.29, -0.32, -0.37, -0.43, -0.44, -0.38, -0.27),
)
_WIDTH = (
    *(0.157344, 0.317994, 0.322441, 0.326934, 0.331474, 0.336061, 0.340697, 0.345381, 0.350114, 0.354897, 0.359729),
    *(0.364611, 0.369544, 0.374529, 0.379565, 0.384653, 0.389794, 0.394989, 0.400236, 0.405538, 0.410894, 0.416306),
    *(0.421773, 0.427297, 0.432877, 0.438514, 0.444209, 0.449962, 0.455774, 0.461645, 0.467577, 0.473569, 0.479621),
    *(0.485736, 0.491912, 0.498151, 0.504454, 0.510819, 0.51725, 0.523745, 0.530308, 0.536934, 0.543629, 0.55039),
    *(0.55722, 0.564119, 0.571085, 0.578125, 0.585232),
)
_NARROWBAND_LAST = (11, 59.2484)
"""Bins and correction of band 42 at 8 kHz, which the Nyquist frequency cuts short."""


@dataclass(frozen=True)
class BarkScale:
    """Critical bands for one sample rate.

    Attributes:
        fft: FFT length that the bins belong to.
        power_scale: Factor that brings FFT power to the scale of the hearing threshold.
        bins: FFT bins in each band.
        correction: Factor on each band's power.
        threshold: Power at the threshold of hearing.
        width: In Bark.
        exponent: Zwicker's exponent of loudness.
    """

    fft: int
    power_scale: float
    bins: tuple[int, ...]
    correction: tuple[float, ...]
    threshold: tuple[float, ...]
    width: tuple[float, ...]
    exponent: tuple[float, ...]


def bark_scale(sample_rate: float) -> BarkScale:
    """The bands at 8 or 16 kHz.

    Raises:
        ValueError: For any other rate.

    >>> len(bark_scale(8000).bins), len(bark_scale(16000).bins), sum(bark_scale(16000).bins)
    (42, 49, 256)
    """
    if sample_rate not in {8000, 16000}:
        raise ValueError(f"Expected sample_rate to be 8000 or 16000, got {sample_rate}.")
    narrow = sample_rate == 8000
    count = 42 if narrow else 49
    bins, correction = list(_BINS[:count]), list(_CORRECTION[:count])
    if narrow:
        bins[-1], correction[-1] = _NARROWBAND_LAST
    centres = [sum(_WIDTH[:band]) + _WIDTH[band] / 2 for band in range(count)]
    return BarkScale(
        fft=256 if narrow else 512,
        power_scale=2.764344e-5 if narrow else 6.910853e-6,
        bins=tuple(bins),
        correction=tuple(correction),
        threshold=tuple(math.pow(10, level) for level in _LOG10_THRESHOLD[:count]),
        width=_WIDTH[:count],
        exponent=tuple(0.23 * min(2.0, max(1.0, 6 / (centre + 2))) ** 0.15 for centre in centres),
    )
