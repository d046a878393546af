"""How loud speech is while somebody speaks: the active level of ITU-T P.56, which pauses do not change.

    wave (time) --smooth |wave| twice--> envelope --held for 0.2 s, above which thresholds?--> seconds of activity
        --the threshold 15.9 dB below the level over its own activity--> level in dB

Source: ITU-T Recommendation P.56 (12/2011), method B.
Differs: thresholds are 1.5 dB apart in place of 6, with the same interpolation between the two nearest.
Checked: tests/data/test_levels.py (pauses, scale, sine, known activity).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["active_level_db"]

Wave = NDArray[np.float32]

_SMOOTHING_SECONDS = 0.03
_HANGOVER_SECONDS = 0.2
_MARGIN_DB = 15.9
_STEP_DB = 1.5
_RANGE_DB = 90.0


def active_level_db(wave: Wave, *, sample_rate: float) -> float:
    """Level of ``wave`` over the time in which there is speech, in dB relative to full scale (a square wave of ±1).

    Args:
        wave: ``(time)``.
        sample_rate: In Hz.

    Returns:
        ``-inf`` for silence.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 8000).astype(np.float32)
    >>> round(active_level_db(tone, sample_rate=8000), 1)
    -3.0
    """
    from scipy.ndimage import maximum_filter1d
    from scipy.signal import lfilter

    energy = float(np.sum(wave.astype(np.float64) ** 2))
    if energy == 0:
        return float("-inf")
    keep = np.exp(-1 / (_SMOOTHING_SECONDS * sample_rate))
    envelope = lfilter([(1 - keep) ** 2], [1, -2 * keep, keep**2], np.abs(wave).astype(np.float64))
    held = round(_HANGOVER_SECONDS * sample_rate) + 1
    envelope = maximum_filter1d(envelope, held, origin=held // 2 - (held + 1) % 2, mode="constant")
    peak_db = 20 * np.log10(envelope.max())
    thresholds_db = peak_db - np.arange(0.0, _RANGE_DB, _STEP_DB)  # falling
    ordered = np.sort(envelope)
    active = len(ordered) - np.searchsorted(ordered, 10 ** (thresholds_db / 20))
    levels_db = 10 * np.log10(energy / np.maximum(active, 1))
    excess_db = levels_db - thresholds_db - _MARGIN_DB  # rises as the threshold falls
    above = int(np.searchsorted(excess_db, 0.0))
    if above in {0, len(excess_db)}:
        return float(levels_db[min(above, len(levels_db) - 1)])
    share = -excess_db[above - 1] / (excess_db[above] - excess_db[above - 1])
    return float(levels_db[above - 1] + share * (levels_db[above] - levels_db[above - 1]))
