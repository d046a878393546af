"""Audio files that appear whole or not at all, and are never silently clipped.

    blocks --> Spool (float32, nameless) --peak, gain--> open_writer --> temporary sibling --> rename

Whether a stream fits into ±1 is known only at its end. So the samples wait as float32 in a temporary file that has no
name and vanishes with the process, and are converted once the peak is known: an integer format that would clip gets one
gain for all sources of the recording, so that their balance stays; a float format needs none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from separate_cli.audio.formats import AudioFormat, output_format
from separate_cli.errors import OutputError
from separate_cli.files import atomic_path

__all__ = ["BlockWriter", "Spool", "open_writer", "safe_gain", "write_audio"]

Wave = NDArray[np.float32]

_PROBE_BYTES = 1 << 16


class BlockWriter:
    """Takes blocks of ``(channel, time)`` float32; made by ``open_writer``.

    Attributes:
        path: The temporary file.
        frames: How many frames it has got.
    """

    def __init__(self, path: Path, sound: Any, form: AudioFormat) -> None:
        self.path = path
        self.frames = 0
        self._sound = sound
        self._form = form

    def write(self, block: Wave) -> None:
        """Append a block."""
        self._sound.write(np.ascontiguousarray(block.T))
        self.frames += block.shape[1]

    def close(self) -> None:
        """Complete the temporary file, and make sure that all of it arrived. It is renamed when the context ends."""
        if self._sound.closed:
            return
        self._sound.close()
        if not self._form.is_lossless or not self.frames:
            return
        with soundfile.SoundFile(self.path) as sound:  # some encoders do not say that the disk was full at the end
            arrived = sound.frames if sound.frames != self.frames else sound.seek(self.frames - 1) + len(sound.read(1))
        if arrived != self.frames:
            raise OSError(f"only {arrived} of {self.frames} frames arrived")


@contextmanager
def open_writer(path: Path, form: AudioFormat, *, sample_rate: int, channels: int) -> Iterator[BlockWriter]:
    """Write an audio file; it appears at ``path`` when the context ends without an error.

    Raises:
        OutputError: If the format cannot hold such a signal, or the disk does not take it.
    """
    with atomic_path(path) as temporary:
        temporary.touch(exist_ok=False)  # an honest OSError where the folder is not writable
        try:
            sound = soundfile.SoundFile(
                temporary, "w", samplerate=sample_rate, channels=channels, format=form.container, subtype=form.subtype
            )
        except soundfile.LibsndfileError as error:
            raise OutputError(
                f"Cannot write {path}: {form.container} {form.subtype} does not hold {channels} channel(s) "
                f"at {sample_rate} Hz.",
                hint="Choose another format: --format wav holds everything.",
            ) from error
        try:
            writer = BlockWriter(temporary, sound, form)
            yield writer
            writer.close()
        except soundfile.LibsndfileError as error:
            raise _disk_error(temporary, error) from error
        finally:
            with suppress(soundfile.LibsndfileError):
                sound.close()


def _disk_error(path: Path, error: soundfile.LibsndfileError) -> OSError:
    """What the system says when the same file gets more bytes: libsndfile keeps the reason for itself."""
    try:
        with path.open("ab") as stream:
            stream.write(bytes(_PROBE_BYTES))
    except OSError as reason:
        return reason
    return OSError(str(error))


class Spool:
    """A nameless temporary file of float32 blocks, and the highest magnitude of each row.

    Args:
        folder: Where it lives; the disk that the results go to.
        rows: Number of signals, the first axis of each block.

    >>> with Spool(Path(tempfile.gettempdir()), rows=1) as spool:
    ...     spool.append(np.array([[0.5, -2.0]], np.float32))
    ...     spool.append(np.array([[1.0]], np.float32))
    ...     spool.peaks.tolist(), spool.frames, [block.tolist() for block in spool.blocks(2)]
    ([2.0], 3, [[[0.5, -2.0]], [[1.0]]])
    """

    def __init__(self, folder: Path, *, rows: int) -> None:
        self.rows = rows
        self.frames = 0
        self.peaks = np.zeros(rows, np.float32)
        self._stream = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what a full disk did not take is thrown away anyway
            self._stream.close()

    def append(self, block: Wave) -> None:
        """Add ``(row, time)``."""
        if not block.size:
            return
        self.peaks = np.maximum(self.peaks, np.abs(block).max(axis=1))
        self.frames += block.shape[1]
        self._stream.write(np.ascontiguousarray(block.T, np.float32).data)

    def blocks(self, frames: int) -> Iterator[Wave]:
        """All that was added, as blocks of ``(row, frames)``."""
        self._stream.seek(0)
        while raw := self._stream.read(4 * self.rows * frames):
            yield np.frombuffer(raw, np.float32).reshape(-1, self.rows).T


def safe_gain(peak: float, form: AudioFormat) -> float:
    """The gain that keeps ``peak`` within what ``form`` can hold: 1 unless it would clip.

    >>> safe_gain(2.0, AudioFormat("WAV", "PCM_16")), safe_gain(2.0, AudioFormat("WAV", "FLOAT"))
    (0.5, 1.0)
    """
    return 1.0 if form.is_float or peak <= 1.0 else 1.0 / peak


def write_audio(path: Path, wave: Wave, sample_rate: int, *, form: AudioFormat | None = None) -> float:
    """Write a whole signal.

    Args:
        path: Where to; the suffix chooses the container unless ``form`` is given.
        wave: ``(channel, time)`` float32, full scale ±1.
        sample_rate: In Hz.
        form: Container and sample format; 16 bits by default.

    Returns:
        The gain that had to be applied so that nothing clips; 1 nearly always.

    Raises:
        OutputError: If it cannot be written.
    """
    form = (form or output_format(path.suffix)).for_bytes(4 * wave.size)
    gain = safe_gain(float(np.abs(wave).max(initial=0.0)), form)
    with open_writer(path, form, sample_rate=sample_rate, channels=wave.shape[0]) as writer:
        writer.write(wave if gain == 1.0 else wave * np.float32(gain))
    return gain
