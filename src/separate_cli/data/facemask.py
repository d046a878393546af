"""Face masks as linear filters: nine measured gain curves, bent a little if wanted, as short FIR filters.

    name --measured_gains--> gain at 14 frequencies --bend--> gain --mask_filter--> taps
    wave (time) --apply_filter(taps)--> muffled (time), in phase --apply_filter(inverse_filter(taps))--> wave, nearly

Source: Corey, Jones & Singer, "Acoustic effects of medical, cloth, and transparent face masks on speech signals",
J. Acoust. Soc. Am. 148(4), 2020 (arXiv 2008.04521): a talker with a mask against the same one without. The values in
``facemasks.csv`` are linear gains from 0 to 8 kHz; nothing was measured above, and masks hardly matter below 1 kHz.
Differs: the curve is bent in decibels, so that a gain never turns negative, and only where a mask acts.
Checked: tests/data/test_facemask.py (response against the curve, phase, delay).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "apply_filter",
    "bend",
    "inverse_filter",
    "mask_filter",
    "mask_names",
    "measured_frequencies",
    "measured_gains",
]

FloatArray = NDArray[np.float64]
Wave = NDArray[np.float32]

TRANSPARENT_BELOW_HZ = 1000.0


def mask_names() -> tuple[str, ...]:
    """Names of the measured masks, in the order of the table.

    >>> mask_names()[:3]
    ('surgical', 'KN95', 'N95')
    """
    return tuple(_table()[1])


def measured_frequencies() -> FloatArray:
    """Where the gains were measured, in Hz, ``(point)``, from 0 to 8 kHz."""
    return np.array(_table()[0])


def measured_gains(name: str) -> FloatArray:
    """Linear gain of a mask at the measured frequencies, ``(point)``.

    Raises:
        ValueError: If there is no such mask.

    >>> measured_gains("surgical")[:5]
    array([1.  , 1.  , 1.  , 1.  , 0.94])
    """
    _, gains = _table()
    if name not in gains:
        raise ValueError(f"Unknown face mask {name!r}; there are: {', '.join(gains)}.")
    return np.array(gains[name])


def bend(gains: FloatArray, *, spread_db: float, rng: np.random.Generator) -> FloatArray:
    """Move each gain above 1 kHz by a normal deviation of standard deviation ``spread_db``.

    >>> gains = measured_gains("N95")
    >>> bent = bend(gains, spread_db=3.0, rng=np.random.default_rng(0))
    >>> (bent[:3] == gains[:3]).all(), (bent[3:-1] != gains[3:-1]).all(), bent.min() >= 0
    (np.True_, np.True_, np.True_)
    """
    deviation_db = rng.normal(0.0, spread_db, gains.shape)
    deviation_db[measured_frequencies() <= TRANSPARENT_BELOW_HZ] = 0.0
    bent: FloatArray = gains * 10 ** (deviation_db / 20)
    return bent


def mask_filter(gains: FloatArray, *, sample_rate: float, n_taps: int = 97) -> FloatArray:
    """Symmetric FIR filter whose gain follows ``gains``, given at the measured frequencies.

    Args:
        gains: Linear, ``(point)``; see ``measured_gains``.
        sample_rate: In Hz; at most twice the highest measured frequency. A lower one takes the lower part of the curve.
        n_taps: Odd, so that the delay is ``(n_taps - 1) / 2`` samples.

    Returns:
        Taps, ``(n_taps)``.

    Raises:
        ValueError: If the number of taps is even or the sample rate too high.
    """
    from scipy.signal import firwin2

    frequencies, nyquist = measured_frequencies(), sample_rate / 2
    if n_taps % 2 == 0:
        raise ValueError(f"Expected an odd number of taps, got {n_taps}.")
    if nyquist > frequencies[-1]:
        raise ValueError(
            f"Masks were measured up to {frequencies[-1]:g} Hz; expected at most twice that as sample rate."
        )
    inside = frequencies < nyquist
    points = np.append(frequencies[inside], nyquist)
    taps: FloatArray = firwin2(
        n_taps, points, np.append(gains[inside], np.interp(nyquist, frequencies, gains)), fs=sample_rate
    )
    return taps


def apply_filter(wave: Wave, taps: FloatArray) -> Wave:
    """Filter ``wave``, ``(time)``, with symmetric ``taps`` and take the delay out: same length, in phase.

    >>> taps = mask_filter(measured_gains("surgical"), sample_rate=16000)
    >>> click = np.zeros(400, np.float32)
    >>> click[200] = 1
    >>> int(np.argmax(apply_filter(click, taps)))
    200
    """
    from scipy.signal import oaconvolve

    delay = (len(taps) - 1) // 2
    filtered: Wave = oaconvolve(wave, taps.astype(np.float32))[delay : delay + len(wave)]
    return filtered


def inverse_filter(taps: FloatArray, *, most_db: float = 34.0, n_taps: int = 1025) -> FloatArray:
    """Symmetric filter that undoes ``taps``, as far as that is possible: the best that knowing the mask can give.

    Args:
        taps: Symmetric, shorter than ``n_taps``.
        most_db: Where the mask lets nothing through, nothing is amplified; at most by this much elsewhere.
        n_taps: Length of the inverse; odd.

    >>> taps = mask_filter(measured_gains("N95"), sample_rate=16000)
    >>> wave = np.sin(np.arange(8000) * 2 * np.pi * 3000 / 16000).astype(np.float32)
    >>> undone = apply_filter(apply_filter(wave, taps), inverse_filter(taps))
    >>> bool(np.abs(undone - wave)[600:-600].max() < 0.01)
    True
    """
    size = 8 * n_taps
    centred = np.roll(np.pad(taps, (0, size - len(taps))), -((len(taps) - 1) // 2))
    gain = np.fft.rfft(centred).real  # symmetric around zero, so real
    floor = 0.25 * 10 ** (-most_db / 10)  # g / (g² + floor) is largest, 1 / (2 √floor), at g = √floor
    inverse = np.fft.irfft(gain / (gain**2 + floor), size)
    cut: FloatArray = np.roll(inverse, n_taps // 2)[:n_taps]
    return cut


@cache
def _table() -> tuple[FloatArray, dict[str, FloatArray]]:
    text = files("separate_cli.data").joinpath("facemasks.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    return np.array(header[1:], np.float64), {row[0]: np.array(row[1:], np.float64) for row in rows}
