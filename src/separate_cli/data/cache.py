"""Audio that stays in memory as 16-bit integers, as far as it is allowed to.

    path --first time--> whole file, decoded, kept --next time--> excerpt, without file or decoder

What is full stays full: examples are drawn at random, so that throwing out the oldest would only cost decoding. Values
are those of the files; files of other depths are not kept.

Checked: tests/data/test_cache.py (same values, limit).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.probe import open_probed
from separate_cli.audio.reader import Choose, read_chosen

__all__ = ["WaveCache"]

Wave = NDArray[np.float32]


class WaveCache:
    """Decoded files by path.

    Args:
        megabytes: How much may be kept.
    """

    def __init__(self, megabytes: float) -> None:
        self._left = int(megabytes * 1e6)
        self._kept: dict[Path, tuple[NDArray[np.int16], int]] = {}

    def read(self, path: Path, choose: Choose) -> tuple[Wave, int]:
        """Read the chosen stretch of a file, see ``audio.reader.read_chosen``."""
        if path not in self._kept and not self._keep(path):
            return read_chosen(path, choose)
        integers, rate = self._kept[path]
        start, frames = choose(rate, integers.shape[1])
        return np.multiply(integers[:, start : start + frames], np.float32(1 / 32768), dtype=np.float32), rate

    def _keep(self, path: Path) -> bool:
        """Decode a file, if it has 16 bits and there is room for it."""
        if self._left <= 0:
            return False
        sound, info = open_probed(path)
        with sound:
            size = 2 * info.channels * info.frames
            if info.subtype != "PCM_16" or size > self._left:
                return False
            integers = sound.read(info.frames, dtype="int16", always_2d=True)
        self._left -= size
        self._kept[path] = np.ascontiguousarray(integers.T), info.sample_rate
        return True
