"""How one mixture of your own recordings is made: stretches, levels, noise, rooms. Runs in worker processes.

    Draw (candidates, seed) --first ones that can be used--> stretches --levels--> pieces with gains --(rooms)--> Order

A recording that cannot be read or is silent is passed over for the next candidate, and noted with the reason.
Everything is a pure function of the draw.

Checked: tests/data/corpora/test_folder.py (levels, speakers, lengths, rooms, messy files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import ceil
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_audio
from separate_cli.audio.resample import resample
from separate_cli.data.augment import align_response, apply_room
from separate_cli.data.corpus import Corpus
from separate_cli.data.levels import active_level_db
from separate_cli.data.manifest import Recording
from separate_cli.data.mixing import Order, render
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.data.scenes import draw_from
from separate_cli.errors import InputError
from separate_cli.specs.corpora.folder import FolderCorpus

__all__ = ["Draw", "plan"]

Wave = NDArray[np.float32]

_SILENT_DB = -80.0
_ROOM_SECONDS = 2.0
_NAME = 40


@dataclass(frozen=True)
class Draw:
    """What one mixture may be made of.

    Args:
        part: ``"train"``, ``"valid"`` or ``"test"``.
        number: Unique in its part.
        speech: Candidates in order of preference.
        noise: Candidates in order of preference; empty for none.
        rooms: Responses, one a speaker; empty for none.
        seed: Decides levels and stretches.
    """

    part: str
    number: int
    speech: tuple[Recording, ...]
    noise: tuple[Recording, ...]
    rooms: tuple[Recording, ...]
    seed: tuple[int, ...]


@dataclass(frozen=True)
class _Stretch:
    recording: Recording
    start: int
    frames: int
    level_db: float

    def length(self, sample_rate: int) -> int:
        """Samples at the rate of the mixture."""
        return ceil(self.frames * Fraction(sample_rate, self.recording.sample_rate))

    def piece(self, level_db: float, **place: Any) -> Piece:
        """At the wanted level."""
        gain = float(10 ** ((level_db - self.level_db) / 20))
        where = {"start": self.start, "frames": self.frames, **place}
        return Piece(self.recording.path, self.recording.corpus, gain=gain, channel=0, **where)


def plan(spec: FolderCorpus, roots: Mapping[str, Path], draw: Draw) -> Order:
    """Of what a mixture is made.

    Raises:
        InputError: If too few of the candidates can be used.
    """
    rng = np.random.default_rng(list(draw.seed))
    reader = _Reader(roots)
    voices = _voices(spec, reader, draw, rng)
    offsets = _offsets(spec, voices, rng)
    ends = [offset + voice.length(spec.sample_rate) for offset, voice in zip(offsets, voices, strict=True)]
    frames = min(ends) if spec.mode == "min" else max(ends)
    names = tuple(f"s{i}" for i in range(1, len(voices) + 1))
    signals: dict[str, Signal] = {
        name: voice.piece(draw_from(spec.level_db, rng), offset=offset)
        for name, voice, offset in zip(names, voices, offsets, strict=True)
    }
    signals["mix_clean"] = names
    noise = _noise(spec, reader, draw.noise, frames, rng)
    if noise is not None:
        signals.update(noise=noise, mix_both=(*names, "noise"), mix_single=("s1", "noise"))
    stems = "_".join(re.sub(r"\W+", "-", PurePosixPath(voice.recording.path).stem)[:_NAME] for voice in voices)
    speakers = tuple(voice.recording.speaker for voice in voices)
    mixture = Mixture(f"{draw.number:06}_{stems}", draw.part, spec.sample_rate, frames, signals, 16, speakers)
    corpus = Corpus(Path(), roots)
    mixture, waves = _turned_down(mixture, corpus, spec.max_amplitude)
    if draw.rooms:
        responses = [reader.response(recording, spec.sample_rate) for recording in draw.rooms]
        waves = _in_room(spec, mixture, waves, responses)
    place = f"wav{spec.sample_rate / 1000:g}k/{spec.mode}/{draw.part}"
    return Order(mixture, place, notes=reader.skipped, waves=waves)


class _Reader:
    """Reads recordings, and remembers which could not be used: ``[corpus, path, reason]``."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self._roots = roots
        self.skipped: list[list[str]] = []

    def stretch(self, recording: Recording, start: int, frames: int, *, is_speech: bool) -> _Stretch | None:
        """A stretch of the first channel with its level; None if it is of no use."""
        try:
            wave = read_audio(self._roots[recording.corpus] / recording.path, start=start, frames=frames)[0][0]
        except InputError as error:
            self._skip(recording, error.message)
            return None
        rate = recording.sample_rate
        power = float(np.mean(wave.astype(np.float64) ** 2)) if len(wave) else 0.0
        level_db = active_level_db(wave, sample_rate=rate) if is_speech else 10 * np.log10(max(power, 1e-30))
        if level_db < _SILENT_DB:
            self._skip(recording, f"it is silent from {start / rate:.2f} s to {(start + frames) / rate:.2f} s")
            return None
        return _Stretch(recording, start, len(wave), level_db)

    def response(self, recording: Recording, sample_rate: int) -> Wave:
        """A room response from its direct sound on, first channel, at the rate of the mixture, ``(time)``."""
        path = self._roots[recording.corpus] / recording.path
        channel = resample(read_audio(path)[0][:1], recording.sample_rate, sample_rate)[0]
        if not np.any(channel):
            raise InputError(f"{path} is a silent room response.", hint="Remove it.")
        return align_response(channel, max_frames=round(_ROOM_SECONDS * sample_rate))

    def _skip(self, recording: Recording, reason: str) -> None:
        self.skipped.append([recording.corpus, recording.path, reason])


def _voices(spec: FolderCorpus, reader: _Reader, draw: Draw, rng: np.random.Generator) -> list[_Stretch]:
    """Stretches of the first candidates that can be used, all of different speakers."""
    found: dict[str, _Stretch] = {}
    for recording in draw.speech:
        frames = min(recording.frames, round(spec.max_seconds * recording.sample_rate))
        start = int(rng.integers(recording.frames - frames + 1))
        if recording.speaker not in found and len(found) < spec.n_src:
            stretch = reader.stretch(recording, start, frames, is_speech=True)
            if stretch is not None:
                found[recording.speaker] = stretch
    if len(found) < spec.n_src:
        _, path, reason = reader.skipped[0] if reader.skipped else ("", "", "")
        raise InputError(
            f"Only {len(found)} of {spec.n_src} speakers for a mixture of {draw.part} can be used; {path}: {reason}.",
            hint="Add speech, or remove the files that cannot be read.",
        )
    return list(found.values())


def _noise(
    spec: FolderCorpus, reader: _Reader, candidates: Sequence[Recording], frames: int, rng: np.random.Generator
) -> Piece | None:
    """A stretch of the first noise that can be used, as long as the mixture, repeated where it is too short."""
    for recording in candidates:
        needed = ceil(frames * Fraction(recording.sample_rate, spec.sample_rate))
        start = int(rng.integers(max(0, recording.frames - needed) + 1))
        stretch = reader.stretch(recording, start, min(needed, recording.frames), is_speech=False)
        if stretch is not None:
            crossfade = min(recording.sample_rate // 4, recording.frames // 3) if needed > recording.frames else 0
            level_db = draw_from(spec.noise_level_db, rng)
            return stretch.piece(level_db, frames=needed, crossfade=crossfade)
    return None


def _offsets(spec: FolderCorpus, voices: Sequence[_Stretch], rng: np.random.Generator) -> list[int]:
    """When each speaker begins: with the one before (overlap 1), or when that one ends (overlap 0)."""
    offsets = [0]
    for voice in voices[:-1]:
        alone = 1 - draw_from(spec.overlap, rng)
        offsets.append(offsets[-1] + round(alone * voice.length(spec.sample_rate)))
    return offsets


def _turned_down(mixture: Mixture, corpus: Corpus, most: float) -> tuple[Mixture, dict[str, Wave]]:
    """The mixture with all gains lowered where one of its signals would be too loud, and its signals."""
    waves = render(mixture, corpus, mixture.signals)
    peak = max(float(np.abs(wave).max(initial=0.0)) for wave in waves.values())
    if peak <= most:
        return mixture, waves
    signals: dict[str, Signal] = {
        name: replace(signal, gain=signal.gain * most / peak) if isinstance(signal, Piece) else signal
        for name, signal in mixture.signals.items()
    }
    mixture = replace(mixture, signals=signals)
    return mixture, render(mixture, corpus, mixture.signals)


def _in_room(
    spec: FolderCorpus, mixture: Mixture, waves: Mapping[str, Wave], responses: Sequence[Wave]
) -> dict[str, Wave]:
    """What the speakers sound like in a room: targets, and mixtures of all that is heard."""
    names = [f"s{i}" for i in range(1, spec.n_src + 1)]
    early = round(spec.early_seconds * spec.sample_rate)
    heard = {name: apply_room(waves[name][0], response)[None] for name, response in zip(names, responses, strict=True)}
    heard.update({name: wave for name, wave in waves.items() if name == "noise"})
    in_room = {
        name: heard[name] if isinstance(signal, Piece) else reduce(np.add, [heard[member] for member in signal])
        for name, signal in mixture.signals.items()
    }
    if spec.room_target == "early":
        for name, response in zip(names, responses, strict=True):
            in_room[name] = apply_room(waves[name][0], response[: max(1, early)])[None]
    peak = max(float(np.abs(wave).max(initial=0.0)) for wave in in_room.values())
    gain = np.float32(min(1.0, spec.max_amplitude / peak if peak else 1.0))
    return {name: wave * gain for name, wave in in_room.items()}
