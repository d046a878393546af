"""Excerpts of prepared mixtures: from anywhere in them, another place in each epoch.

    Mixture --signals_of--> names --Corpus.signal, the same stretch of each--> mixture (time), references (source, time)

Checked: tests/data/test_mixture_dataset.py (signals in step, targets of each task, any number of workers).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.data.corpus import Corpus
from separate_cli.data.mixtures import Mixture
from separate_cli.data.sampling import Draw, Examples
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples

__all__ = ["MixtureDataset"]

Wave = NDArray[np.float32]


class MixtureDataset(Examples):
    """Mixtures of one part of a corpus.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which signals, how long.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Attributes:
        mixtures: Those that are used, in the order of the examples of epoch 0.

    Raises:
        InputError: If the part has no usable mixture, or they are of another sample rate.
    """

    def __init__(self, corpus: Corpus, examples: MixtureExamples, *, part: str, seed: int) -> None:
        self.corpus, self.examples = corpus.caching(examples.cache_megabytes), examples
        seconds = examples.segment_seconds
        self.n_samples = None if seconds is None else round(seconds * examples.sample_rate)
        usable = self._usable(corpus.mixtures(part), part)
        # Sorted lists go speaker by speaker; an epoch shorter than the list should still hear many of them.
        self.mixtures = [usable[i] for i in np.random.default_rng(seed).permutation(len(usable))]
        wanted = examples.examples_per_epoch if part == "train" else examples.valid_examples
        super().__init__(wanted or len(usable), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One excerpt; its targets in the order of their names."""
        wish = self.examples
        mixture = self.mixtures[(draw.epoch * len(self) + draw.example) % len(self.mixtures)]
        heard, wanted = signals_of(mixture, wish.task, input=wish.input, targets=wish.targets)
        start, frames = 0, mixture.frames
        if self.n_samples is not None:
            start = int(rng.integers(max(1, mixture.frames - self.n_samples + 1)))
            frames = min(self.n_samples, mixture.frames)
        signals = self.corpus.signals(mixture, (heard, *wanted), start=start, frames=frames)
        waves = [self._shape(signals[name]) for name in (heard, *wanted)]
        silence = [np.zeros_like(waves[0])] * (wish.n_src - len(wanted))
        references = np.stack([*waves[1:], *silence])  # (source, [channel,] time)
        if wish.normalize:
            scale = np.float32(1 / (waves[0].std() + 1e-8))
            waves[0], references = waves[0] * scale, references * scale
        return torch.from_numpy(waves[0]), torch.from_numpy(references)

    def _shape(self, wave: Wave) -> Wave:
        """A signal as ``(time)`` or ``(channel, time)``, padded to the length of all examples."""
        if self.n_samples is not None and wave.shape[1] < self.n_samples:
            wave = np.pad(wave, ((0, 0), (0, self.n_samples - wave.shape[1])))
        if self.examples.channels == "all":
            return wave
        mono: Wave = wave[0] if self.examples.channels == "first" or len(wave) == 1 else wave.mean(axis=0)
        return mono

    def _usable(self, mixtures: list[Mixture], part: str) -> list[Mixture]:
        """Mixtures that are long enough and at the asked rate; an error if none is, or one has too many sources."""
        wish = self.examples
        if not mixtures:
            raise InputError(f"The corpus has no mixtures to {part} on.", hint="Prepare that part of it.")
        for mixture in mixtures:
            if mixture.sample_rate != wish.sample_rate:
                raise InputError(
                    f"Mixture {mixture.id} is at {mixture.sample_rate} Hz, the examples are at {wish.sample_rate} Hz.",
                    hint="Set train.examples.sample_rate to that of the corpus, or prepare it at another rate.",
                )
            _, wanted = signals_of(mixture, wish.task, input=wish.input, targets=wish.targets)
            if len(wanted) > wish.n_src:
                raise InputError(
                    f"Mixture {mixture.id} has {len(wanted)} targets, n_src is {wish.n_src}.",
                    hint="Raise n_src, or name the wanted signals in targets.",
                )
        if self.n_samples is None or wish.short == "pad":
            return mixtures
        usable = [mixture for mixture in mixtures if mixture.frames >= self.n_samples]
        if not usable:
            raise InputError(
                f"None of the {len(mixtures)} mixtures to {part} on lasts {wish.segment_seconds:g} s.",
                hint="Lower segment_seconds, or set short to pad.",
            )
        return usable
