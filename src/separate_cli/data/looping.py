"""Noise that is too short starts over, faded into itself.

    |-- wave --|
           |-- wave --|          each seam: the end fades out while the beginning fades in, over halves of a Hann window
                  |-- wave --|

Source: LibriMix, scripts/create_librimix_from_metadata.py (half a second and one sample at 16 kHz).
Checked: tests/data/test_pieces.py.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from separate_cli.errors import InputError

__all__ = ["extend", "looped"]

Wave = NDArray[np.float32]


def looped(wave: Wave, start: int, stop: int, *, frames: int, crossfade: int) -> Wave:
    """Samples ``start`` to ``stop`` of ``extend(wave, frames)``, without making the others.

    Args:
        wave: ``(channel, time)``, longer than ``crossfade``.
        start: First sample.
        stop: Last one, exclusive; at most ``frames``.
        frames: Length of the whole.
        crossfade: Length of a seam, in samples.

    Raises:
        InputError: If ``wave`` is too short to be faded into itself.

    >>> looped(np.ones((1, 4), np.float32), 3, 8, frames=8, crossfade=3).round(2).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0]]
    """
    period = wave.shape[1] - crossfade
    if period < crossfade:  # seams reach into each other
        return extend(wave, frames, crossfade=crossfade)[:, start:stop]
    rising = _rising(crossfade)
    last_turn = -(-(frames - wave.shape[1]) // period)  # after which nothing fades in
    found = np.empty((len(wave), stop - start), np.float32)
    for turn in range(min(start // period, last_turn), min((stop - 1) // period, last_turn) + 1):
        begin = turn * period  # its first samples are a seam, but for the first turn
        first, last = max(start, begin), stop if turn == last_turn else min(stop, begin + period)
        found[:, first - start : last - start] = wave[:, first - begin : last - begin]
        seam = min(last, begin + crossfade) - first if turn else 0
        if seam > 0:
            at = first - begin
            ending = wave[:, period + at : period + at + seam] * rising[::-1][at : at + seam]
            found[:, first - start : first - start + seam] = ending + wave[:, at : at + seam] * rising[at : at + seam]
    return found


def extend(wave: Wave, frames: int, *, crossfade: int) -> Wave:
    """Repeat ``wave`` until it has ``frames`` frames; a longer wave is returned as it is.

    Args:
        wave: ``(channel, time)``, longer than ``crossfade``.
        frames: Wanted length.
        crossfade: Length of a seam, in samples.

    Raises:
        InputError: If ``wave`` is too short to be faded into itself.
    """
    if wave.shape[1] >= frames:
        return wave
    if wave.shape[1] <= crossfade:
        raise InputError(
            f"{wave.shape[1]} samples are too few to be repeated with a cross-fade of {crossfade}.",
            hint="Leave such short noise out of the corpus.",
        )
    rising = _rising(crossfade)
    longer = wave
    while longer.shape[1] < frames:
        seam = longer[:, -crossfade:] * rising[::-1] + wave[:, :crossfade] * rising
        longer = np.concatenate([longer[:, :-crossfade], seam, wave[:, crossfade:]], axis=1)
    return longer[:, :frames]


@lru_cache(maxsize=16)
def _rising(crossfade: int) -> Wave:
    half: Wave = np.hanning(2 * crossfade - 1)[:crossfade].astype(np.float32)
    half.setflags(write=False)
    return half
