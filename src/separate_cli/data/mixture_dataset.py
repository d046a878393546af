"""Excerpts of prepared mixtures: from anywhere in them, another place in each epoch.

    Mixture --names_of, place_of--> Corpus.signals, the same stretch of each --to_example--> mixture, references

Checked: tests/data/test_mixture_dataset.py (signals in step, targets of each task, any number of workers).
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from separate_cli.data.corpus import Corpus
from separate_cli.data.excerpts import names_of, place_of, segment_samples, to_example
from separate_cli.data.mixtures import Mixture
from separate_cli.data.sampling import Draw, Examples
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples

__all__ = ["MixtureDataset"]


class MixtureDataset(Examples):
    """Mixtures of one part of a corpus.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which signals, how long.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Attributes:
        mixtures: Those that are used, in the order of the examples of epoch 0.
        notes: What is odd about them, though it may be wanted, in sentences.

    Raises:
        InputError: If the part has no usable mixture, or one is of another sample rate or has too many targets.
    """

    def __init__(self, corpus: Corpus, examples: MixtureExamples, *, part: str, seed: int) -> None:
        self.corpus, self.examples = corpus.caching(examples.cache_megabytes), examples
        usable = _usable(corpus.mixtures(part), examples, part)
        # Sorted lists go speaker by speaker; an epoch shorter than the list should still hear many of them.
        self.mixtures = [usable[i] for i in np.random.default_rng(seed).permutation(len(usable))]
        self._names = [names_of(mixture, examples) for mixture in self.mixtures]
        self.notes = _notes(max(len(wanted) for _, wanted in self._names), examples, part)
        wanted = examples.examples_per_epoch if part == "train" else examples.valid_examples
        super().__init__(wanted or len(usable), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One excerpt; its targets in the order of their names."""
        row = (draw.epoch * len(self) + draw.example) % len(self.mixtures)
        mixture, (heard, wanted) = self.mixtures[row], self._names[row]
        start, frames = place_of(mixture, self.examples, rng)
        signals = self.corpus.signals(mixture, (heard, *wanted), start=start, frames=frames)
        return to_example(signals, heard, wanted, self.examples)


def _notes(most: int, wish: MixtureExamples, part: str) -> tuple[str, ...]:
    """Nothing to say where some mixture has all targets, ``most`` of them."""
    if most == wish.n_src:
        return ()
    silent = wish.n_src - most
    return (
        f"No mixture of the part {part} has more than {most} targets; n_src is {wish.n_src}, "
        f"so {silent} of the references {'is' if silent == 1 else 'are'} always silent.",
    )


def _usable(mixtures: list[Mixture], wish: MixtureExamples, part: str) -> list[Mixture]:
    """Mixtures that are long enough; an error if none is, or one does not fit."""
    if not mixtures:
        raise InputError(f"The corpus has no mixtures of the part {part}.", hint="Prepare that part of it.")
    names_of(mixtures[0], wish)  # before lengths: a wrong rate makes all of them seem short
    least = segment_samples(wish)
    if least is None or wish.short == "pad":
        return mixtures
    usable = [mixture for mixture in mixtures if mixture.frames >= least]
    if not usable:
        longest = max(mixture.seconds for mixture in mixtures)
        raise InputError(
            f"Examples of {wish.segment_seconds:g} s need mixtures that long; "
            f"of the {len(mixtures)} of the part {part}, the longest has {longest:.3g} s.",
            hint="Lower train.examples.segment_seconds, or set train.examples.short=pad.",
        )
    return usable
