"""More of FUSS: new mixtures of its sounds in its rooms.

    fsd_data/{train,validation,eval}/*/NAME.wav --longer than 10 s: a background; others: before it--> at their loudness
    rir_data/PART/rirs_NAME/{background,foreground}*.wav --convolve--> PART/{mixture,bg,fg0,fg1,fg2}/exampleN.wav

Source: github.com/google-research/sound-separation, datasets/fuss: ``make_ss_examples.py`` (by scaper) and
``reverberate_and_mix.py``.
Differs: draws depend on a seed and on the number of the mixture, so that the corpus is the same everywhere; sums are of
what is not yet rounded.
Checked: tests/data/corpora/test_fuss_augment.py (loudness, places, rooms, sums).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.probe import probe
from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.facts import mixture_facts, source_facts
from separate_cli.data.corpora.loudness import loudness_lufs, need_loudness
from separate_cli.data.mixing import Order, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, write_mixtures
from separate_cli.data.scenes import draw_from
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.fuss_augment import FussAugment

__all__ = ["make"]

Wave = NDArray[np.float64]

_RATE = 16000
_PARTS = {"train": "train", "validation": "valid", "eval": "test"}


@dataclass(frozen=True)
class _Draw:
    """A mixture: its sounds, the background first, and a response for each; no responses when it is dry."""

    part: str
    number: int
    sounds: tuple[str, ...]
    rooms: tuple[str, ...]
    seed: tuple[int, ...]


def make(spec: FussAugment, context: StageContext) -> None:
    """Make new mixtures.

    Raises:
        UsageError: If pyloudnorm is not installed.
        InputError: If sounds or room responses are missing or damaged.
        OutputError: If the mixtures do not fit on the disk.
    """
    need_loudness()
    roots = roots_of(context.inputs)
    counts = {"train": spec.n_train, "validation": spec.n_valid, "eval": spec.n_test}
    draws = [draw for folder, count in counts.items() if count for draw in _draws(spec, folder, count, roots)]
    items = {f"{draw.part}/{draw.number:06}": draw for draw in draws}
    mixed = make_mixtures(items, partial(_plan, spec, roots), spec, context)
    if mixed is None:
        return
    write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
    used: dict[str, list[str]] = {}
    for draw in draws:
        used.setdefault(draw.part, []).extend(draw.sounds)
    facts = {
        "mixtures": {"FUSS": mixture_facts("fuss", mixed.mixtures)},
        "sounds": {"fsd_data": source_facts("fuss", used)},
    }
    write_json(context.folder / "corpus.json", facts)


def _draws(spec: FussAugment, folder: str, count: int, roots: Mapping[str, Path]) -> Iterator[_Draw]:
    root = roots["fsd_data"]
    lengths = {path.relative_to(root).as_posix(): probe(path) for path in sorted((root / folder).glob("*/*.wav"))}
    behind = [name for name, info in lengths.items() if info.duration_seconds > spec.seconds]
    before = [name for name, info in lengths.items() if info.duration_seconds <= spec.seconds]
    if not behind or (spec.most_sounds and not before):
        raise InputError(
            f"{root / folder} has {len(behind)} sounds longer than {spec.seconds:g} s and {len(before)} shorter ones.",
            hint="Download them: sep data download fuss --parts fsd-data.",
        )
    rooms = _rooms(spec, folder, roots)
    for number in range(count):
        seed = (spec.seed, list(_PARTS).index(folder), number)
        rng = np.random.default_rng(seed)
        some = [before[int(i)] for i in rng.integers(len(before), size=int(rng.integers(spec.most_sounds + 1)))]
        names = (behind[int(rng.integers(len(behind)))], *some)
        room = rooms[int(rng.integers(len(rooms)))] if rooms else ()
        if room and len(room) < len(names):
            raise InputError(f"The room of {room[0]} has too few responses.", hint="Download rir-data again.")
        yield _Draw(_PARTS[folder], number, names, room[: len(names)], (*seed, 1))


def _rooms(spec: FussAugment, folder: str, roots: Mapping[str, Path]) -> list[tuple[str, ...]]:
    """The responses of each room, that of the background first."""
    if spec.rooms is None:
        return []
    root = roots["rir_data"]
    rooms = []
    for place in sorted((root / folder).glob("rirs_*")):
        names = [path.relative_to(root).as_posix() for path in sorted(place.glob("*.wav"))]
        kinds = [[name for name in names if kind in name.rsplit("/", 1)[1]] for kind in ("background", "foreground")]
        if kinds[0]:
            rooms.append((kinds[0][0], *kinds[1]))
    if not rooms:
        raise InputError(
            f"There are no rooms in {root / folder}.", hint="Download them: sep data download fuss --parts rir-data."
        )
    return rooms


def _plan(spec: FussAugment, roots: Mapping[str, Path], draw: _Draw) -> Order:
    """All signals of a mixture."""
    rng = np.random.default_rng(list(draw.seed))
    frames = round(spec.seconds * _RATE)
    names = ["bg", *(f"fg{i}" for i in range(len(draw.sounds) - 1))]
    signals: dict[str, Wave] = {}
    for name, path in zip(names, draw.sounds, strict=True):
        level = spec.background_lufs + (0.0 if name == "bg" else draw_from(spec.snr_db, rng))
        signals[name] = _event(roots["fsd_data"] / path, level, frames, rng, whole=name == "bg")
    for name, path in zip(names, draw.rooms, strict=False):
        signals[name] = _in_room(signals[name], spec.room_gain * _read(roots["rir_data"] / path))
    signals["mixture"] = np.sum([signals[name] for name in names], axis=0)
    mixture = Mixture(f"example{draw.number:06}", draw.part, _RATE, frames, {}, 16)
    return Order(
        mixture, draw.part, waves={name: wave[np.newaxis].astype(np.float32) for name, wave in signals.items()}
    )


def _event(path: Path, level_lufs: float, frames: int, rng: np.random.Generator, *, whole: bool) -> Wave:
    """A sound at its loudness, from anywhere in it where it is a background, else from anywhere in the mixture on."""
    wave = _read(path)
    start = int(rng.integers(max(1, len(wave) - frames + 1)))
    place = 0 if whole else int(rng.integers(frames))
    wave = wave[start : start + frames - place]
    placed = np.zeros(frames)
    loudness = loudness_lufs(wave, sample_rate=_RATE)
    if np.isfinite(loudness):
        placed[place : place + len(wave)] = wave * 10 ** ((level_lufs - loudness) / 20)
    return placed


def _in_room(wave: Wave, response: Wave) -> Wave:
    """Convolved, and cut in the middle to the longer one's length, as NumPy's ``"same"`` does."""
    from scipy.signal import fftconvolve

    whole: Wave = fftconvolve(wave, response)
    first = (min(len(wave), len(response)) - 1) // 2
    cut: Wave = whole[first : first + len(wave)]
    return cut


def _read(path: Path) -> Wave:
    wave, rate = read_audio(path)
    if rate != _RATE:
        raise InputError(f"{path} has {rate} Hz; {_RATE} Hz are needed.", hint="Download FUSS again.")
    first: Wave = wave[0].astype(np.float64)
    return first
