"""Room responses and noise of a corpus, at one sample rate, drawn at random.

Checked: tests/data/test_demask.py (levels, aligned responses, noise shorter and longer than an example).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.resample import resample
from separate_cli.data.augment import align_response, change_speed, fit_length, loop
from separate_cli.data.corpus import Corpus, Role
from separate_cli.data.manifest import Recording
from separate_cli.specs.ranges import FloatRange

__all__ = ["SceneSource", "draw_from"]

Wave = NDArray[np.float32]


def draw_from(limits: FloatRange, rng: np.random.Generator) -> float:
    """A number from a range, all equally likely."""
    return float(rng.uniform(limits.min, limits.max))


class SceneSource:
    """Room responses and noise of one part of a corpus, at one sample rate.

    Args:
        corpus: Prepared by ``sep data prepare``.
        part: Which part of it.
        sample_rate: Wanted, in Hz.
        room_seconds: Responses are cut to this length.
        roles: Which lists to read.

    Attributes:
        rooms: Recordings of room responses; may be empty.
        noises: Recordings of noise; may be empty.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        part: str,
        sample_rate: int,
        room_seconds: float,
        roles: Collection[Role] = ("rooms", "noise"),
    ) -> None:
        self.corpus, self.sample_rate, self.room_frames = corpus, sample_rate, round(room_seconds * sample_rate)
        self.rooms = corpus.recordings("rooms", part) if "rooms" in roles else []
        self.noises = corpus.recordings("noise", part) if "noise" in roles else []

    def response(self, rng: np.random.Generator) -> Wave:
        """A room response from its direct sound on, ``(time)``: one recording, one of its channels."""
        recording = _one_of(self.rooms, rng)
        channels = self.corpus.load(recording)
        response = resample(channels[[int(rng.integers(len(channels)))]], recording.sample_rate, self.sample_rate)[0]
        return align_response(response, max_frames=self.room_frames)

    def noise(self, n_samples: int, rng: np.random.Generator) -> Wave:
        """``n_samples`` of a noise recording, all channels averaged, from anywhere in it, repeated where it ends."""
        recording = _one_of(self.noises, rng)
        needed = int(np.ceil(n_samples * recording.sample_rate / self.sample_rate)) + 1
        if needed >= recording.frames:
            whole = self._mono(recording)
            return loop(whole, n_samples, start=int(rng.integers(len(whole))))
        start = int(rng.integers(recording.frames - needed + 1))
        return fit_length(self._mono(recording, start=start, frames=needed), n_samples)

    def _mono(self, recording: Recording, *, start: int = 0, frames: int | None = None) -> Wave:
        wave = self.corpus.load(recording, start=start, frames=frames).mean(axis=0)
        return change_speed(wave, 1.0, in_rate=recording.sample_rate, out_rate=self.sample_rate)


def _one_of(recordings: Sequence[Recording], rng: np.random.Generator) -> Recording:
    return recordings[int(rng.integers(len(recordings)))]
