"""Audio files as blocks of float32, whatever they hold.

    file --BlockReader.blocks(n)--> (channel, n), (channel, n), ..., (channel, rest)
         --read_audio, read_chosen--> one stretch of it; of plain WAV files without libsndfile (``audio.pcm``)

Full scale is ±1. Memory depends on the block, never on the file. What is broken is found where it is read: a file that
ends before its header says, and samples that are NaN or infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from separate_cli.audio.pcm import pcm_layout, read_pcm
from separate_cli.audio.probe import RECOVER, UNKNOWN_FRAMES, AudioInfo, ForwardFile, damaged, open_probed
from separate_cli.errors import InputError

__all__ = ["BlockReader", "Choose", "read_audio", "read_chosen"]

Wave = NDArray[np.float32]
Choose = Callable[[int, int], tuple[int, int]]
"""Sample rate in Hz, length in frames → first frame, number of frames; may be asked twice."""

_PLAIN = frozenset({".wav", ".wave"})


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
        self._sound: Any
        self.info: AudioInfo
        self._sound, self.info = open_probed(path)
        self._next = 0
        self.seek(start)

    def __enter__(self) -> BlockReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sound.close()

    def seek(self, start: int) -> None:
        """Go on with frame ``start``."""
        _check_start(self.info.path, start, self.info.frames)
        if start != self._next:
            self._sound.seek(start)
        self._next = start

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
            raise not_finite(self.info.path, block.T, start=self._next, sample_rate=self.info.sample_rate)
        self._next += frames
        return np.ascontiguousarray(block.T)  # (channel, time)

    def blocks(self, frames: int) -> Iterator[Wave]:
        """Blocks of ``frames`` frames up to the end, ``(channel, time)``; the last may be shorter."""
        while (block := self.read(frames)).shape[1]:
            yield block


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
    return read_chosen(path, lambda sample_rate, total: (start, total - start if frames is None else frames))


def read_chosen(path: Path, choose: Choose) -> tuple[Wave, int]:
    """Read the stretch of a file that is chosen once its sample rate and length are known; it is opened only once.

    Args:
        path: Where it is.
        choose: Sample rate in Hz, length in frames → first frame, number of frames.

    Returns:
        ``(channel, time)`` float32, and the sample rate in Hz. Shorter than asked where the file ends.

    Raises:
        InputError: See ``BlockReader``.
    """
    with suppress(OSError, TypeError, soundfile.LibsndfileError):  # the reader below says in words what is wrong
        found = _read_plain(path, choose) if path.suffix.lower() in _PLAIN else _read_decoded(path, choose)
        if found is not None:
            return found
    with BlockReader(path) as reader:
        start, frames = choose(reader.info.sample_rate, reader.info.frames)
        reader.seek(start)
        return reader.read(frames), reader.info.sample_rate


def _read_plain(path: Path, choose: Choose) -> tuple[Wave, int] | None:
    """Read the chosen stretch of a plain WAV file; None if it is none."""
    with path.open("rb", buffering=0) as stream:
        layout = pcm_layout(stream)
        if layout is None or layout.frames == 0:
            return None
        start, frames = choose(layout.sample_rate, layout.frames)
        _check_start(path, start, layout.frames)
        wave = read_pcm(stream, layout, start=start, frames=min(frames, layout.frames - start))
    if layout.kind.kind == "f" and not np.isfinite(wave).all():
        raise not_finite(path, wave, start=start, sample_rate=layout.sample_rate)
    return wave, layout.sample_rate


def _read_decoded(path: Path, choose: Choose) -> tuple[Wave, int] | None:
    """Read the chosen stretch of a file that is as it should be; None if it is not."""
    with ForwardFile(path) as sound:
        if not 0 < sound.frames < UNKNOWN_FRAMES:
            return None
        start, frames = choose(sound.samplerate, sound.frames)
        _check_start(path, start, sound.frames)
        block = np.empty((min(frames, sound.frames - start), sound.channels), np.float32)
        if start:
            sound.seek(start)
        if len(sound.read(out=block)) < len(block):
            return None
        if not sound.subtype.startswith("PCM_") and not np.isfinite(block).all():
            return None
        rate: int = sound.samplerate
    return np.ascontiguousarray(block.T), rate  # (channel, time)


def not_finite(path: Path, block: Wave, *, start: int, sample_rate: int) -> InputError:
    """The error for a block of ``path`` that begins with frame ``start`` and holds NaN or infinite samples."""
    frame, channel = (int(axis[0]) for axis in np.nonzero(~np.isfinite(block.T)))
    at = (start + frame) / sample_rate
    kind = "not a number (NaN)" if np.isnan(block[channel, frame]) else "infinite"
    return InputError(
        f"{path}: the sample at {at:.4f} s in channel {channel + 1} is {kind}.",
        hint="Export the file again, or replace such samples by 0.",
    )


def _check_start(path: Path, start: int, frames: int) -> None:
    if not 0 <= start < frames:
        raise InputError(f"{path} has {frames} frames; frame {start} is outside.", hint="Start inside the file.")
