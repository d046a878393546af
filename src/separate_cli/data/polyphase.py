"""Change of the sample rate by SciPy's polyphase filter, of no more of a signal than an excerpt depends on.

    wanted samples --support--> samples they depend on --change_rate--> the same values as in the whole

Checked: tests/data/test_pieces.py (against scipy.signal.resample_poly, excerpts against the whole).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["change_rate", "changed_length", "support"]

Wave = NDArray[np.float32]

_REACH = 10
"""Half the length of the filter, in samples of the lower rate, as ``resample_poly`` has it."""
_BETA = 5.0


def changed_length(frames: int, ratio: Fraction) -> int:
    """Length of ``frames`` samples after a change of the rate by ``ratio``.

    >>> changed_length(101, Fraction(1, 2))
    51
    """
    return -int(-frames * ratio.numerator // ratio.denominator)


def change_rate(wave: Wave, ratio: Fraction) -> Wave:
    """``scipy.signal.resample_poly`` of ``(channel, time)``; its filter is made only once."""
    if ratio == 1:
        return wave
    from scipy.signal import resample_poly

    taps = _taps(ratio.numerator, ratio.denominator).copy()  # SciPy may scale it in place
    changed: Wave = resample_poly(wave, ratio.numerator, ratio.denominator, axis=1, window=taps)
    return changed


def support(first: int, count: int, ratio: Fraction) -> tuple[int, int, int]:
    """What samples ``first`` to ``first + count`` after a change of the rate depend on.

    Returns:
        First and last sample before the change (the last exclusive, perhaps beyond the end), and how many samples of
        their changed form come before the wanted ones.
    """
    up, down = ratio.numerator, ratio.denominator
    reach = -(-_REACH * max(up, down) // up) + 1
    begin = max(0, first * down // up - reach) // down * down  # a whole number of samples after the change
    return begin, -(-(first + count) * down // up) + reach, first - begin // down * up


@lru_cache(maxsize=16)
def _taps(up: int, down: int) -> Wave:
    from scipy.signal import firwin

    most = max(up, down)
    taps: Wave = firwin(2 * _REACH * most + 1, 1 / most, window=("kaiser", _BETA)).astype(np.float32)
    return taps
