"""Audio that stays in memory, as far as it is allowed to.

    path --first time--> whole file, decoded, kept --next time--> excerpt, without file or decoder

Files of 16 bits are kept as 16-bit integers, all others as 32-bit floats: values are those of the files. What is full
stays full: examples are drawn at random, so that throwing out the oldest would only cost decoding.

Checked: tests/data/test_cache.py (same values, limit).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.probe import probe
from separate_cli.audio.reader import Choose, read_audio, read_chosen

__all__ = ["WaveCache"]

Wave = NDArray[np.float32]


class WaveCache:
    """Decoded files by path.

    Args:
        megabytes: How much may be kept.
    """

    def __init__(self, megabytes: float) -> None:
        self._left = int(megabytes * 1e6)
        self._too_large: set[Path] = set()
        self._kept: dict[Path, tuple[NDArray[np.int16] | Wave, int]] = {}

    def read(self, path: Path, choose: Choose) -> tuple[Wave, int]:
        """Read the chosen stretch of a file, see ``audio.reader.read_chosen``."""
        if path not in self._kept and not self._keep(path):
            return read_chosen(path, choose)
        wave, rate = self._kept[path]
        start, frames = choose(rate, wave.shape[1])
        excerpt = wave[:, start : start + frames]
        if wave.dtype == np.int16:
            return np.multiply(excerpt, np.float32(1 / 32768), dtype=np.float32), rate
        return excerpt.astype(np.float32), rate  # a copy, which may be changed

    def _keep(self, path: Path) -> bool:
        """Decode a file, if there is room for it."""
        if self._left <= 0 or path in self._too_large:
            return False
        info = probe(path)
        is_short = info.subtype == "PCM_16"
        size = (2 if is_short else 4) * info.channels * info.frames
        if size > self._left:
            self._too_large.add(path)
            return False
        wave, rate = read_audio(path)
        self._left -= size
        # 16-bit samples come back exactly: they are whole multiples of 1 / 32768
        self._kept[path] = (wave * np.float32(32768)).astype(np.int16) if is_short else wave, rate
        return True
