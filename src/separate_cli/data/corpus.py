"""A prepared corpus: its lists of recordings, and the folders where they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_audio
from separate_cli.data.manifest import Recording, read_recordings

__all__ = ["Corpus", "Role"]

Role = Literal["speech", "rooms", "noise"]
Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Corpus:
    """What ``sep data prepare`` has left.

    Args:
        folder: Holds ``speech.jsonl``, ``rooms.jsonl`` and ``noise.jsonl``.
        roots: Corpus name → folder that its paths are relative to.
    """

    folder: Path
    roots: Mapping[str, Path]

    def recordings(self, role: Role, part: str) -> list[Recording]:
        """Recordings of one role and part, sorted.

        Raises:
            InputError: If the manifest is missing or damaged.
        """
        return [recording for recording in read_recordings(self.folder / f"{role}.jsonl") if recording.part == part]

    def load(self, recording: Recording, *, start: int = 0, frames: int | None = None) -> Wave:
        """Read ``(channel, time)`` at the recording's own sample rate.

        Raises:
            InputError: If the file cannot be read.
        """
        return read_audio(self.roots[recording.corpus] / recording.path, start=start, frames=frames)[0]
