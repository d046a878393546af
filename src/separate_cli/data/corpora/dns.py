"""DNS: noisy speech, as the synthesizer of the challenge makes it.

    utterances, one after the other --> s1 (30 s)     noises, one after the other --> noise (30 s)
    both at the same level, noise at the wished ratio, the sum at the wished level --> s1, noise, mix_single

Source: github.com/microsoft/DNS-Challenge, branch interspeech2020, ``noisyspeech_synthesizer_singleprocess.py``.
Differs: draws depend on a seed and on the number of the clip, so that the corpus is the same everywhere; ratios are
drawn from a range, not from whole numbers; clips are not clipped but turned down.
Checked: tests/data/corpora/test_dns.py (ratio, level, length, gaps).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.own_scan import Scans, of_part, scan_folders, write_lists
from separate_cli.data.corpus import Corpus
from separate_cli.data.manifest import Recording
from separate_cli.data.mixing import Order, make_mixtures, render, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.data.scenes import draw_from
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.dns import Dns
from separate_cli.specs.prepare import Part

__all__ = ["make"]

_SILENT = 1e-8
_SPARES = 4
_DEFAULT_COUNT = {"train": 1000, "valid": 100, "test": 100}


@dataclass(frozen=True)
class _Clip:
    """What a clip may be made of, in order of preference."""

    part: Part
    number: int
    speech: tuple[Recording, ...]
    noise: tuple[Recording, ...]
    seed: tuple[int, ...]


def make(spec: Dns, context: StageContext) -> None:
    """Make clips of the speech and noise that are there.

    Raises:
        InputError: If a folder is missing, or nothing in it can be used.
        OutputError: If the clips do not fit on the disk.
    """
    if not spec.noise:
        raise InputError("The recipe names no noise.", hint="Set prepare.noise.dns.path to a folder of noise.")
    scans = scan_folders(spec, context, least_speakers=1)
    items = {f"{clip.part}/{clip.number:06}": clip for part in get_args(Part) for clip in _clips(spec, part, scans)}
    mixed = make_mixtures(items, partial(_plan, spec, roots_of(context.inputs)), spec, context)
    if mixed is not None:
        write_lists(spec, context, scans, mixed)


def _clips(spec: Dns, part: Part, scans: Scans) -> Iterator[_Clip]:
    speech, noise = of_part(scans, "speech", part), of_part(scans, "noise", part)
    wanted = spec.wanted(part)
    count = _DEFAULT_COUNT[part] if wanted is None else wanted
    for number in range(count if speech and noise else 0):
        seed = (spec.seed, get_args(Part).index(part), number)
        rng = np.random.default_rng(seed)
        yield _Clip(part, number, _enough(spec, speech, rng), _enough(spec, noise, rng), (*seed, 1))


def _enough(spec: Dns, recordings: Sequence[Recording], rng: np.random.Generator) -> tuple[Recording, ...]:
    """Recordings that together are as long as a clip, and some to spare."""
    found: list[Recording] = []
    seconds, spares = 0.0, _SPARES
    while seconds < spec.seconds or spares:
        spares -= seconds >= spec.seconds
        found.append(recordings[int(rng.integers(len(recordings)))])
        seconds += found[-1].seconds
    return tuple(found)


def _plan(spec: Dns, roots: Mapping[str, Path], clip: _Clip) -> Order:
    """Of what a clip is made; its gains depend on its sounds, so that it is added up once to find them."""
    rng = np.random.default_rng(list(clip.seed))
    skipped: list[list[str]] = []
    spoken = _row(spec, roots, clip.speech, "s1", skipped)
    noises = _row(spec, roots, clip.noise, "noise", skipped)
    frames = round(spec.seconds * spec.sample_rate)
    speakers = tuple(dict.fromkeys(recording.speaker for recording, _ in spoken))
    corpus = Corpus(Path(), roots)

    def mixture(speech_gain: float, noise_gain: float) -> Mixture:
        signals: dict[str, Signal] = {}
        for name, placed, gain in (("s1", spoken, speech_gain), ("noise", noises, noise_gain)):
            members = [f"{name}_{i}" for i in range(len(placed))]
            signals |= {
                member: Piece(recording.path, recording.corpus, offset=offset, gain=gain, channel=0)
                for member, (recording, offset) in zip(members, placed, strict=True)
            }
            signals[name] = tuple(members)
        signals["mix_single"] = ("s1", "noise")
        return Mixture(f"clip{clip.number:06}", clip.part, spec.sample_rate, frames, signals, 16, speakers)

    waves = render(mixture(1.0, 1.0), corpus, ("s1", "noise"))
    snr_db, level_db = draw_from(spec.snr_db, rng), draw_from(spec.level_db, rng)
    gains = _gains(waves["s1"], waves["noise"], snr_db, level_db, spec.max_amplitude)
    order = mixture(*gains)
    wanted = ("s1", "noise", "mix_single")
    return Order(order, clip.part, signals=wanted, notes=skipped)


def _row(
    spec: Dns, roots: Mapping[str, Path], recordings: Sequence[Recording], name: str, skipped: list[list[str]]
) -> list[tuple[Recording, int]]:
    """Recordings one after the other until the clip is full, each with its place; what is of no use is passed over."""
    placed: list[tuple[Recording, int]] = []
    place, full = 0, round(spec.seconds * spec.sample_rate)
    gap = round(spec.silence_seconds * spec.sample_rate) if name == "s1" else 0
    for recording in recordings:
        if place >= full:
            break
        try:
            wave = read_audio(roots[recording.corpus] / recording.path)[0][0]
            reason = "it is silent" if float(np.abs(wave).max(initial=0.0)) < _SILENT else ""
        except InputError as error:
            reason = error.message
        if reason:
            skipped.append([recording.corpus, recording.path, reason])
            continue
        placed.append((recording, place))
        place += ceil(recording.frames * Fraction(spec.sample_rate, recording.sample_rate)) + gap
    if not placed:
        raise InputError(
            f"No {name} can be used; {skipped[0][1]}: {skipped[0][2]}.", hint="Add files that can be read."
        )
    return placed


def _gains(
    speech: NDArray[Any], noise: NDArray[Any], snr_db: float, level_db: float, most: float
) -> tuple[float, float]:
    """Of speech and noise, so that they have the wished ratio, and their sum the wished level or peak."""
    speech, noise = speech.astype(np.float64), noise.astype(np.float64)
    levels = [max(float(np.sqrt(np.mean(wave**2))), _SILENT) for wave in (speech, noise)]
    gains = 1 / levels[0], 10 ** (-snr_db / 20) / levels[1]
    noisy = gains[0] * speech + gains[1] * noise
    peak = max(float(np.abs(wave).max()) for wave in (noisy, gains[0] * speech, gains[1] * noise))
    factor = min(10 ** (level_db / 20) / float(np.sqrt(np.mean(noisy**2))), most / peak)
    return factor * gains[0], factor * gains[1]
