"""Mixtures that are made while training: other partners, levels, places and rooms in each epoch.

    utterances of different speakers --speed, level--> dry --place--> --room--> wet --> + noise --band--> mixture (time)
                                                                                wet --> wanted --band--> (source, time)

Each example is a pure function of (seed, epoch, example): the same on any machine, with any number of workers.

Source: Zeghidour & Grangier, "Wavesplit", 2020, section 3.4 (dynamic mixing); levels as in Hershey et al., "Deep
    clustering", ICASSP 2016 (uniform within 5 dB) or any other range.
Differs: levels are of the excerpt where it is active, not of the whole utterance.
Checked: tests/data/test_remix.py (different speakers, levels, overlap, sums, any number of workers).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.data.augment import add_noise, apply_room, change_speed, colour, limit_band
from separate_cli.data.corpus import Corpus, Role
from separate_cli.data.manifest import Recording
from separate_cli.data.mixtures import Mixture
from separate_cli.data.sampling import Draw, Examples
from separate_cli.data.scenes import SceneSource, draw_from
from separate_cli.errors import InputError
from separate_cli.specs.examples import RemixExamples

__all__ = ["RemixDataset", "Utterance", "active_level_db", "overlapping"]

Wave = NDArray[np.float32]

_ACTIVE_BELOW_DB = 40.0
_COLOUR_OCTAVES = 6
_BAND_TAPS = (6, 33)
"""Half the length of the filter that ends the band: converters are soft or sharp."""
_ACTIVE_FRAME_SECONDS = 0.02
_MOST_GAIN_DB = 60.0
_ROLES: dict[tuple[bool, bool], tuple[Role, ...]] = {
    (False, False): (),
    (True, False): ("rooms",),
    (False, True): ("noise",),
    (True, True): ("rooms", "noise"),
}
"""Lists that are needed for rooms and noise; a corpus that is mixed without them need not have them."""


class Utterance(NamedTuple):
    """Something that can be mixed: a recording of speech, or a signal of a mixture."""

    speaker: str
    sample_rate: int
    frames: int
    origin: Recording | tuple[Mixture, str]


class RemixDataset(Examples):
    """Mixtures of recordings of different speakers.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: How to mix.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has fewer speakers than are mixed.
    """

    def __init__(self, corpus: Corpus, examples: RemixExamples, *, part: str, seed: int) -> None:
        self.corpus, self.examples = corpus.caching(examples.cache_megabytes), examples
        self.n_samples = round(examples.segment_seconds * examples.sample_rate)
        self.scenes = SceneSource(
            self.corpus,
            part=part,
            sample_rate=examples.sample_rate,
            room_seconds=examples.room_seconds,
            roles=_ROLES[examples.room_probability > 0, examples.noise_probability > 0],
        )
        found = _speech(corpus, part) if examples.mix_from == "speech" else _targets(corpus, part)
        speakers = len({utterance.speaker for utterance in found})
        if speakers < examples.n_src:
            raise InputError(
                f"The corpus has {speakers} speaker(s) to {part} on; {examples.n_src} are to be mixed.",
                hint="Add speakers, change the split, or lower n_src.",
            )
        # Sorted lists go speaker by speaker; an epoch shorter than the list should still hear many of them.
        self.utterances = [found[i] for i in np.random.default_rng(seed).permutation(len(found))]
        wanted = examples.examples_per_epoch if part == "train" else examples.valid_examples
        super().__init__(wanted or len(found), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One mixture ``(time)`` and its sources ``(source, time)``, in random order."""
        wish = self.examples
        n_src = int(rng.integers(wish.fewest_src or wish.n_src, wish.n_src + 1))
        first = (draw.epoch * len(self) + draw.example) % len(self.utterances)
        places = overlapping(self.n_samples, n_src, overlap=draw_from(wish.overlap, rng))
        chosen = [self._excerpt(one, places[i], rng) for i, one in enumerate(self._choose(first, n_src, rng))]
        has_room = rng.random() < wish.room_probability and bool(self.scenes.rooms)
        wet, wanted = np.stack([self._in_room(dry, rng) if has_room else (dry, dry) for dry in chosen], axis=1)
        mixture = wet.sum(axis=0)  # (time)
        if rng.random() < wish.noise_probability and self.scenes.noises:
            noise = self.scenes.noise(self.n_samples, rng)
            loudest = wet[int(np.argmax(np.sum(wet.astype(np.float64) ** 2, axis=1)))]
            mixture = mixture + (add_noise(loudest, noise, snr_db=draw_from(wish.noise_snr_db, rng)) - loudest)
        if wish.band_probability and rng.random() < wish.band_probability:
            n_taps = 2 * int(rng.integers(*_BAND_TAPS)) + 1
            limited = limit_band(np.stack([mixture, *wanted]), draw_from(wish.band_share, rng), n_taps=n_taps)
            mixture, wanted = limited[0], limited[1:]
        scale = np.float32(min(1.0, wish.max_peak / max(float(np.abs(mixture).max()), 1e-8)))
        references = np.zeros((wish.n_src, self.n_samples), np.float32)
        references[:n_src] = wanted * scale
        return torch.from_numpy(mixture * scale), torch.from_numpy(references)

    def _choose(self, first: int, n_src: int, rng: np.random.Generator) -> list[Utterance]:
        """The utterance number ``first`` and others of other speakers, shuffled."""
        chosen = [self.utterances[first]]
        while len(chosen) < n_src:
            other = self.utterances[int(rng.integers(len(self.utterances)))]
            if all(other.speaker != one.speaker for one in chosen):
                chosen.append(other)
        return [chosen[i] for i in rng.permutation(n_src)]

    def _excerpt(self, utterance: Utterance, place: tuple[int, int], rng: np.random.Generator) -> Wave:
        """A random piece of an utterance at a random speed and level, at its place in the mixture, ``(time)``."""
        begin, length = place
        rate, speed = self.examples.sample_rate, draw_from(self.examples.speed, rng)
        needed = int(np.ceil(length * speed * utterance.sample_rate / rate)) + 1
        start = int(rng.integers(max(1, utterance.frames - needed + 1)))
        wave = self._read(utterance, start, min(needed, utterance.frames - start))
        wave = self._vary(change_speed(wave, speed, in_rate=utterance.sample_rate, out_rate=rate)[:length], rng)
        begin += int(rng.integers(length - len(wave) + 1))  # where a short one is within its time
        level_db = draw_from(self.examples.level_db, rng) - active_level_db(wave, sample_rate=rate)
        placed = np.zeros(self.n_samples, np.float32)
        placed[begin : begin + len(wave)] = wave * np.float32(10 ** (min(level_db, _MOST_GAIN_DB) / 20))
        return placed

    def _vary(self, wave: Wave, rng: np.random.Generator) -> Wave:
        """Other words, another microphone, now and then."""
        wish = self.examples
        if wish.reverse_probability and rng.random() < wish.reverse_probability:
            wave = wave[::-1]
        if wish.colour_probability and rng.random() < wish.colour_probability:
            gains_db = rng.normal(0.0, wish.colour_db, _COLOUR_OCTAVES).tolist()
            wave = colour(wave, gains_db, sample_rate=wish.sample_rate)
        return wave

    def _read(self, utterance: Utterance, start: int, frames: int) -> Wave:
        origin = utterance.origin
        if isinstance(origin, Recording):
            wave = self.corpus.load(origin, start=start, frames=frames)
        else:
            wave = self.corpus.signal(*origin, start=start, frames=frames)
        first: Wave = wave[0]
        return first

    def _in_room(self, dry: Wave, rng: np.random.Generator) -> tuple[Wave, Wave]:
        """What is heard of a source in a room, and what is wanted of it."""
        response = self.scenes.response(rng)
        wet = apply_room(dry, response)
        if self.examples.room_target == "reverberant":
            return wet, wet
        early = max(1, round(self.examples.early_seconds * self.examples.sample_rate))
        return wet, apply_room(dry, response[:early])


def overlapping(n_samples: int, n_src: int, *, overlap: float) -> list[tuple[int, int]]:
    """Begin and length of ``n_src`` equally long stretches that fill ``n_samples``, each overlapping with the next.

    Args:
        n_samples: Length of the mixture.
        n_src: Number of stretches.
        overlap: Share of each that sounds together with the next: 1: all at once, 0: one after the other.

    >>> overlapping(100, 2, overlap=1.0), overlapping(100, 2, overlap=0.0), overlapping(90, 2, overlap=0.5)
    ([(0, 100), (0, 100)], [(0, 50), (50, 50)], [(0, 60), (30, 60)])
    """
    length = int(n_samples / (1 + (n_src - 1) * (1 - overlap)))
    return [(round(i * (n_samples - length) / max(1, n_src - 1)), length) for i in range(n_src)]


def active_level_db(wave: Wave, *, sample_rate: float) -> float:
    """Mean power in dB against full scale, of the frames of 20 ms within 40 dB of the loudest one.

    >>> round(active_level_db(np.array([0.1, -0.1] * 400 + [0.0] * 800, np.float32), sample_rate=8000), 3)
    -20.0
    """
    size = round(_ACTIVE_FRAME_SECONDS * sample_rate)
    frames = np.pad(wave, (0, -len(wave) % size)).reshape(-1, size).astype(np.float64)
    power = np.mean(frames**2, axis=1)
    active = power[power > power.max(initial=0.0) * 10 ** (-_ACTIVE_BELOW_DB / 10)]
    return 10 * float(np.log10(active.mean())) if len(active) else -np.inf


def _speech(corpus: Corpus, part: str) -> list[Utterance]:
    return [
        Utterance(f"{item.corpus}/{item.speaker}", item.sample_rate, item.frames, item)
        for item in corpus.recordings("speech", part)
    ]


def _targets(corpus: Corpus, part: str) -> list[Utterance]:
    """The sources of all mixtures. Where a list does not name the speakers, each mixture has its own."""
    found = []
    for mixture in corpus.mixtures(part):
        names = [name for name in mixture.signals if name[:1] == "s" and name[1:].isdecimal()]
        for name in sorted(names, key=lambda name: int(name[1:])):
            index = int(name[1:]) - 1
            known = index < len(mixture.speakers)
            speaker = mixture.speakers[index] if known else f"{mixture.id}/{name}"
            found.append(Utterance(speaker, mixture.sample_rate, mixture.frames, (mixture, name)))
    return found
