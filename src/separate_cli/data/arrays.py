"""Arrays of different numbers of microphones, in batches: what is missing is silent.

    mixture --all channels of an excerpt--> (microphone, time), zeros after the last one; references (source, time)

References are what the first microphone hears.

Checked: tests/data/test_arrays.py.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional

from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.sampling import Draw, Examples
from separate_cli.specs.examples import MixtureExamples
from separate_cli.specs.special_examples import ArrayExamples

__all__ = ["ArrayDataset"]


class ArrayDataset(Examples):
    """Mixtures of one part of a corpus, as an array hears them.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which signal, how long, how many microphones at most.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has no usable mixture.
    """

    def __init__(self, corpus: Corpus, examples: ArrayExamples, *, part: str, seed: int) -> None:
        plain = examples.model_dump(exclude={"kind", "microphones"})
        self.plain = MixtureDataset(corpus, MixtureExamples(**plain, channels="all"), part=part, seed=seed)
        self.microphones = examples.microphones
        super().__init__(len(self.plain), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Mixture ``(microphone, time)`` and references ``(source, time)``."""
        mixture, references = self.plain.make(draw, rng)
        heard = mixture[: self.microphones]
        return functional.pad(heard, (0, 0, 0, self.microphones - len(heard))), references[:, 0]
