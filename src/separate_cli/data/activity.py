"""Voice activity: recordings, and where in them somebody speaks.

    facts["speech"] = [[start, stop], ...] in samples --activity_of--> 0 or 1 (time)
    recording --excerpt--> (time), activity (1, time)

Checked: tests/data/test_activity.py.
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
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples
from separate_cli.specs.special_examples import ActivityExamples

__all__ = ["ActivityDataset", "activity_of"]


def activity_of(mixture: Mixture) -> NDArray[np.float32]:
    """1 where somebody speaks, else 0, ``(time)``.

    Raises:
        InputError: If the list does not say.

    >>> activity_of(Mixture("a", "test", 8000, 6, {}, facts={"speech": [[1, 3], [5, 6]]})).tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    """
    stretches = mixture.facts.get("speech")
    if stretches is None:
        raise InputError(f"{mixture.id} does not say where speech is.", hint="Prepare a corpus that does: LibriVAD.")
    activity = np.zeros(mixture.frames, np.float32)
    for start, stop in stretches:
        activity[max(0, start) : stop] = 1
    return activity


class ActivityDataset(Examples):
    """Recordings of one part of a corpus, and their voice activity.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which signal, how long.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has no usable recording, or does not say where speech is.
    """

    def __init__(self, corpus: Corpus, examples: ActivityExamples, *, part: str, seed: int) -> None:
        alone = MixtureExamples(
            **examples.model_dump(exclude={"kind"}), targets=(examples.input,), n_src=1, short="pad"
        )
        found = MixtureDataset(corpus, alone, part=part, seed=seed)
        self.corpus, self.input, self.recordings = found.corpus, examples.input, found.mixtures
        self.n_samples = round(examples.segment_seconds * examples.sample_rate)
        activity_of(self.recordings[0])
        super().__init__(len(found), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A recording ``(time)`` and its activity ``(1, time)``; a short one ends in silence."""
        recording = self.recordings[(draw.epoch * len(self) + draw.example) % len(self.recordings)]
        start = int(rng.integers(max(1, recording.frames - self.n_samples + 1)))
        frames = min(self.n_samples, recording.frames)
        wave = self.corpus.signal(recording, self.input, start=start, frames=frames)[0]
        activity = activity_of(recording)[start : start + frames]
        missing = (0, self.n_samples - frames)
        return torch.from_numpy(np.pad(wave, missing)), torch.from_numpy(np.pad(activity, missing))[None]
