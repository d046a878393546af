"""A prepared corpus: its lists of recordings, and the folders where they are now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import Choose, read_chosen
from separate_cli.data.cache import WaveCache
from separate_cli.data.manifest import Recording, read_recordings
from separate_cli.data.mixtures import Mixture, Piece, read_mixtures
from separate_cli.data.pieces import place, round_as_file, total_of
from separate_cli.errors import InputError

__all__ = ["Corpus", "Role"]

Role = Literal["speech", "rooms", "noise"]
Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Corpus:
    """What ``sep data prepare`` has left.

    Args:
        folder: Holds ``mixtures.jsonl`` or ``speech.jsonl``, ``rooms.jsonl`` and ``noise.jsonl``, or all of them.
        roots: Corpus name → folder that its paths are relative to.
        cache: Keeps what was read, see ``caching``.
    """

    folder: Path
    roots: Mapping[str, Path]
    cache: WaveCache | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, stage: str, inputs: Mapping[str, Path]) -> Corpus:
        """The corpus that ``stage`` has prepared, among the inputs of a later stage.

        Its folders are inputs too, under the names of their fields: ``prepare.speech.NAME.path``.
        """
        fields = [key.split(".") for key in inputs if key.startswith(f"{stage}.") and key.endswith(".path")]
        roots = {".".join(parts[2:-1]): inputs[".".join(parts)] for parts in fields}
        return cls(inputs[stage], roots)

    def caching(self, megabytes: float) -> Corpus:
        """The same corpus; as much of its audio stays in memory (of each process) once it was read."""
        return replace(self, cache=WaveCache(megabytes)) if megabytes else self

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

    def mixtures(self, part: str) -> list[Mixture]:
        """Mixtures of one part, sorted; none if the corpus has no list of them.

        Raises:
            InputError: If the list is damaged.
        """
        path = self.folder / "mixtures.jsonl"
        return [mixture for mixture in read_mixtures(path) if mixture.part == part] if path.exists() else []

    def signal(self, mixture: Mixture, name: str, *, start: int = 0, frames: int | None = None) -> Wave:
        """Read a signal of ``mixture``, or ``frames`` samples of it from ``start`` on, at the mixture's rate.

        An excerpt has the very samples that it has in the whole, whether the mixture is a file or added up.

        Returns:
            ``(channel, time)``.

        Raises:
            InputError: If there is no such signal, or one of its files cannot be read.
            ValueError: If the excerpt is not inside the mixture.
        """
        return self.signals(mixture, [name], start=start, frames=frames)[name]

    def signals(
        self, mixture: Mixture, names: Iterable[str], *, start: int = 0, frames: int | None = None
    ) -> dict[str, Wave]:
        """Read several signals of ``mixture`` as ``signal`` does, each piece of a file only once.

        Raises:
            InputError: If a signal is missing, or one of their files cannot be read.
            ValueError: If the excerpt is not inside the mixture.
        """
        frames = mixture.frames - start if frames is None else frames
        if start < 0 or frames < 0 or start + frames > mixture.frames:
            raise ValueError(f"Expected an excerpt of {mixture.frames} samples, got {start} to {start + frames}.")
        placed: dict[Piece, Wave] = {}
        found: dict[str, Wave] = {}
        for name in names:
            pieces = mixture.pieces(name).values()
            for piece in pieces:
                if piece not in placed:
                    placed[piece] = place(
                        self.read_piece, piece, sample_rate=mixture.sample_rate, start=start, frames=frames
                    )
            wave = total_of((piece, placed[piece]) for piece in pieces)
            found[name] = wave if mixture.bits is None else round_as_file(wave, mixture.bits)
        return found

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
        path = self.roots[recording.corpus] / recording.path
        return self._read(path, lambda _, total: (start, total - start if frames is None else frames))[0]

    def read_piece(self, piece: Piece, choose: Choose) -> tuple[Wave, int]:
        """Read the chosen stretch of a piece's file: ``(channel, time)`` and the sample rate in Hz.

        Raises:
            InputError: If the file cannot be read.
        """
        return self._read(self.path_of(piece), choose)

    def path_of(self, piece: Piece) -> Path:
        """Where the file of a piece is."""
        return (self.roots[piece.corpus] if piece.corpus else self.folder) / piece.path

    def _read(self, path: Path, choose: Choose) -> tuple[Wave, int]:
        return read_chosen(path, choose) if self.cache is None else self.cache.read(path, choose)
