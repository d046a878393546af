"""A prepared corpus: its lists of recordings, and the folders where they are now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_audio
from separate_cli.data.manifest import Recording, read_recordings
from separate_cli.errors import InputError

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

    @classmethod
    def of(cls, stage: str, inputs: Mapping[str, Path]) -> Corpus:
        """The corpus that ``stage`` has prepared, among the inputs of a later stage.

        Its folders are inputs too, under the names of their fields: ``prepare.speech.NAME.path``.
        """
        fields = [key.split(".") for key in inputs if key.startswith(f"{stage}.") and key.endswith(".path")]
        roots = {".".join(parts[2:-1]): inputs[".".join(parts)] for parts in fields}
        return cls(inputs[stage], roots)

    def facts(self) -> dict[str, Any]:
        """Role → corpus name → licence, author, hours and the like: what is in ``corpus.json``.

        Raises:
            InputError: If it cannot be read.
        """
        path = self.folder / "corpus.json"
        try:
            facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"Cannot read {path}: {error}.", hint="Prepare the corpus again.") from error
        return facts

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
