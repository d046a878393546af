"""Audio files as blocks of float32, whatever they hold.

    file --BlockReader.blocks(n)--> (channel, n), (channel, n), ..., (channel, rest)

Full scale is ±1. Memory depends on the block, never on the file. What is broken is found where it is read: a file that
ends before its header says, and samples that are NaN or infinite.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from separate_cli.audio.probe import RECOVER, AudioInfo, damaged, open_audio, probe
from separate_cli.errors import InputError

__all__ = ["BlockReader", "read_audio"]

Wave = NDArray[np.float32]


class BlockReader:
    """Reads an audio file from ``start`` in blocks.

    Args:
        path: Where it is.
        start: First frame to read.

    Raises:
        InputError: If the file cannot be read, is shorter than ``start``, ends before its header says, or holds NaN
            or infinite samples (the last two while reading).
    """

    def __init__(self, path: Path, *, start: int = 0) -> None:
        self.info: AudioInfo = probe(path)
        if not 0 <= start < self.info.frames:
            raise InputError(
                f"{path} has {self.info.frames} frames; frame {start} is outside.", hint="Start inside the file."
            )
        self._sound: Any = open_audio(path)
        self._next = start
        if start:
            self._sound.seek(start)

    def __enter__(self) -> BlockReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sound.close()

    def read(self, frames: int) -> Wave:
        """The next ``frames`` frames, ``(channel, time)``; fewer at the end of the file, then none."""
        frames = min(frames, self.info.frames - self._next)
        try:
            block: Wave = self._sound.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise damaged(self.info.path, self._next, self.info.sample_rate, error) from error
        if len(block) < frames:
            found = (self._next + len(block)) / self.info.sample_rate
            raise InputError(
                f"{self.info.path} is cut off: {found:.2f} s of {self.info.duration_seconds:.2f} s are there.",
                hint=RECOVER,
            )
        if not np.isfinite(block).all():
            raise self._not_finite(block)
        self._next += frames
        return np.ascontiguousarray(block.T)  # (channel, time)

    def blocks(self, frames: int) -> Iterator[Wave]:
        """Blocks of ``frames`` frames up to the end, ``(channel, time)``; the last may be shorter."""
        while (block := self.read(frames)).shape[1]:
            yield block

    def _not_finite(self, block: Wave) -> InputError:
        frame, channel = (int(axis[0]) for axis in np.nonzero(~np.isfinite(block)))
        at = (self._next + frame) / self.info.sample_rate
        kind = "not a number (NaN)" if np.isnan(block[frame, channel]) else "infinite"
        return InputError(
            f"{self.info.path}: the sample at {at:.4f} s in channel {channel + 1} is {kind}.",
            hint="Export the file again, or replace such samples by 0.",
        )


def read_audio(path: Path, *, start: int = 0, frames: int | None = None) -> tuple[Wave, int]:
    """Read a whole file, or ``frames`` frames from ``start`` on.

    Returns:
        ``(channel, time)`` float32, and the sample rate in Hz. Shorter than ``frames`` where the file ends.

    Raises:
        InputError: See ``BlockReader``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ramp.wav"
    ...     soundfile.write(path, np.array([0.0, 0.25, 0.5]), 8000)
    ...     read_audio(path, start=1)
    (array([[0.25, 0.5 ]], dtype=float32), 8000)
    """
    with BlockReader(path, start=start) as reader:
        wave = reader.read(reader.info.frames if frames is None else frames)
        return wave, reader.info.sample_rate
