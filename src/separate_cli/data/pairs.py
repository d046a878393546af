"""Mixtures of mixtures: two of a corpus, added up; what is wanted are the two.

    mixture, another mixture --sum--> (time), both --> references (2, time)

Source: Wisdom et al., "Unsupervised sound separation using mixture invariant training", NeurIPS 2020, section 3.1.
Checked: tests/data/test_pairs.py.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.sampling import Draw, Examples
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples
from separate_cli.specs.special_examples import PairExamples

__all__ = ["PairDataset"]


class PairDataset(Examples):
    """Pairs of mixtures of one part of a corpus; other partners in each epoch.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which signal, how long.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has fewer than two usable mixtures.
    """

    def __init__(self, corpus: Corpus, examples: PairExamples, *, part: str, seed: int) -> None:
        plain = examples.model_dump(exclude={"kind", "input"})
        alone = MixtureExamples(**plain, input=examples.input, targets=(examples.input,), n_src=1)
        self.singles = MixtureDataset(corpus, alone, part=part, seed=seed)
        if len(self.singles.mixtures) < 2 or len(self.singles) < 2:
            raise InputError(f"The corpus has one mixture to {part} on; pairs need two.", hint="Prepare more of it.")
        super().__init__(len(self.singles), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A sum ``(time)`` and its two mixtures ``(2, time)``."""
        step = 1 + int(rng.integers(len(self) - 1))
        partner = Draw(draw.epoch, (draw.example + step) % len(self))
        both = torch.stack([self.singles[draw][0], self.singles[partner][0]])
        return both.sum(0), both
