"""TensorBoard's event files, written by ``tensorboardX``: numbers, sound and pictures, each at a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Board"]


class Board:
    """Writes events into a folder once it is open; before and without it does nothing.

    Args:
        folder: Where event files go; None: nowhere.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._writer: Any = None

    def open(self, step: int) -> None:
        """Begin. What an earlier attempt wrote beyond ``step`` is hidden."""
        if self.folder is not None:
            from tensorboardX import SummaryWriter

            self._writer = SummaryWriter(str(self.folder), purge_step=step)

    def number(self, name: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        if self._writer is not None:
            self._writer.add_scalar(name, value, step)

    def sound(self, name: str, wave: NDArray[np.float32], step: int, *, sample_rate: int) -> None:
        """Add a wave, ``(time)``; it is turned down where it would clip."""
        if self._writer is not None:
            loudest = max(1.0, float(np.abs(wave).max(initial=0.0)))
            self._writer.add_audio(name, wave / loudest, step, sample_rate=sample_rate)

    def picture(self, name: str, file: Path, step: int) -> None:
        """Add a PNG file."""
        if self._writer is not None:
            from matplotlib.image import imread

            self._writer.add_image(name, imread(file)[..., :3], step, dataformats="HWC")

    def close(self) -> None:
        """End; harmless when it has not begun."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
