"""What is in an audio file, and what is wrong with it: decoded once, from front to back, in blocks.

    file --blocks--> rate, length, channels; peak of each channel; clipping; NaN; hash of the samples

The hash is of samples, not of bytes: a WAV file and its FLAC copy are the same.

Checked: tests/data/test_inspect.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from separate_cli.audio.probe import AudioInfo, open_probed
from separate_cli.errors import InputError

__all__ = ["Inspection", "inspect"]

Wave = NDArray[np.float32]

_BLOCK_FRAMES = 1 << 18
_FULL_SCALE = np.float32(32766.5 / 32768)
_RUN = 3
"""So many neighbours at full scale are a cut-off peak; one or two may be a peak that just fits."""


@dataclass(frozen=True)
class Inspection:
    """Facts about one file.

    Args:
        problem: Why it cannot be read to its end; empty if it can.
        sample_rate: In Hz.
        frames: Samples of each channel that were read.
        channels: Number of channels.
        peaks: Largest magnitude of each channel; NaN and infinity left out.
        clipped: How often a peak is cut off at full scale.
        not_finite: How many samples are NaN or infinite.
        digest: Hash of the samples, in hexadecimal.
    """

    problem: str
    sample_rate: int = 0
    frames: int = 0
    channels: int = 0
    peaks: tuple[float, ...] = ()
    clipped: int = 0
    not_finite: int = 0
    digest: str = ""


def inspect(path: Path) -> Inspection:
    """Decode ``path`` and look at every sample; never raises for what is wrong with the file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "a.wav", np.array([0.0, 0.5, 1.0, 1.0, 1.0, -0.5]), 8000)
    ...     found = inspect(Path(folder) / "a.wav")
    >>> found.frames, found.clipped, found.not_finite
    (6, 1, 0)
    """
    try:
        sound, info = open_probed(path)
    except InputError as error:
        return Inspection(error.message.removeprefix(f"{path} ").rstrip("."))
    with sound:
        return _look(sound, info)


def _look(sound: Any, info: AudioInfo) -> Inspection:
    digest = hashlib.blake2b(f"{info.sample_rate} {info.channels} ".encode(), digest_size=16)
    peaks = np.zeros(info.channels, np.float32)
    tail = np.zeros((_RUN, info.channels), bool)
    frames = clipped = not_finite = 0
    problem = "it is cut off: its header announces more samples" if info.is_cut_off else ""
    try:
        while len(block := sound.read(min(_BLOCK_FRAMES, info.frames - frames), dtype="float32", always_2d=True)):
            frames += len(block)
            digest.update(np.ascontiguousarray(block).data)
            finite = np.isfinite(block)
            if not finite.all():
                not_finite += int(block.size - finite.sum())
                block = np.where(finite, block, 0)
            magnitude = np.abs(block)
            peaks = np.maximum(peaks, magnitude.max(axis=0))
            full = np.concatenate([tail, magnitude >= _FULL_SCALE])
            clipped += _begun_runs(full)
            tail = full[-_RUN:]
        if frames < info.frames:
            problem = f"it is cut off: {frames} of {info.frames} samples are there"
    except soundfile.LibsndfileError as error:
        problem = f"it is damaged after {frames / info.sample_rate:.2f} s: {error.error_string}".rstrip(".")
    return Inspection(
        problem,
        info.sample_rate,
        frames,
        info.channels,
        tuple(float(peak) for peak in peaks),
        clipped,
        not_finite,
        digest.hexdigest(),
    )


def _begun_runs(full: NDArray[np.bool_]) -> int:
    """How many runs of ``_RUN`` samples at full scale begin in a block that starts with the last ``_RUN`` before it."""
    run = full[1:-2] & full[2:-1] & full[3:]
    return int((run & ~full[:-3]).sum())
