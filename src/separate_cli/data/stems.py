"""Stems of songs, changed and exchanged while training.

    for each stem: a song --excerpt--> gain, channels swapped now and then --> (channel, time)
    all stems --sum--> mixture (channel, time), wanted ones --> references (stem, channel, time)

Source: Uhlich et al., "Improving music source separation based on deep neural networks through data augmentation and
network blending", ICASSP 2017, section 3.
Checked: tests/data/test_stems.py.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.mixtures import Mixture
from separate_cli.data.sampling import Draw, Examples
from separate_cli.data.scenes import draw_from
from separate_cli.specs.examples import MixtureExamples
from separate_cli.specs.special_examples import StemExamples

__all__ = ["StemDataset", "plain_songs"]

Wave = NDArray[np.float32]


class StemDataset(Examples):
    """Songs of one part of a corpus, mixed anew in each epoch.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which stems, how they are changed.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has no song that is long enough, or one lacks a stem.
    """

    def __init__(self, corpus: Corpus, examples: StemExamples, *, part: str, seed: int) -> None:
        self.songs = plain_songs(corpus, examples, part=part, seed=seed)
        self.corpus, self.examples = self.songs.corpus, examples
        self.n_samples = round(examples.segment_seconds * examples.sample_rate)
        self.wanted = [examples.stems.index(name) for name in examples.targets or examples.stems]
        super().__init__(len(self.songs.mixtures) * examples.examples_per_track, seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One mixture ``(channel, time)`` and its wanted stems ``(stem, channel, time)``."""
        songs, wish = self.songs.mixtures, self.examples
        song = songs[draw.example % len(songs)]
        exchange = rng.random() < wish.exchange_probability
        place = self._place(song, rng)
        waves = []
        for name in wish.stems:
            if exchange:
                song = songs[int(rng.integers(len(songs)))]
                place = self._place(song, rng)
            wave = self.corpus.signal(song, name, start=place, frames=self.n_samples)
            wave = wave[::-1] if rng.random() < wish.swap_probability else wave
            waves.append(wave * np.float32(draw_from(wish.gain, rng)))
        mixed = torch.from_numpy(np.stack(waves))
        return mixed.sum(0), mixed[self.wanted]

    def _place(self, song: Mixture, rng: np.random.Generator) -> int:
        return int(rng.integers(song.frames - self.n_samples + 1))


def plain_songs(corpus: Corpus, examples: StemExamples, *, part: str, seed: int) -> MixtureDataset:
    """Excerpts of songs as they are: what validation hears, and which songs can be used."""
    return MixtureDataset(
        corpus,
        MixtureExamples(
            task="sep_music",
            n_src=len(examples.targets or examples.stems),
            targets=examples.targets or examples.stems,
            sample_rate=examples.sample_rate,
            segment_seconds=examples.segment_seconds,
            valid_examples=examples.valid_examples,
            channels="all",
            cache_megabytes=examples.cache_megabytes,
        ),
        part=part,
        seed=seed,
    )
