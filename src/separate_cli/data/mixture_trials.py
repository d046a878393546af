"""The test of a separator: every mixture of a part, whole, at the model's sample rate.

    Mixture --Corpus.signal, resample--> mixture (channel, time), references (source, channel, time)

Signals of another sample rate are converted to the model's, and scored there.

Checked: tests/data/test_mixture_trials.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.resample import resample
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixtures import Mixture
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.specs.evaluation.separation import MixtureEval

__all__ = ["MixtureTrial", "MixtureTrials"]

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class MixtureTrial:
    """One mixture to score a model on.

    Args:
        mixture: What it is made of.
        input: Name of the signal that goes in.
        targets: Names of those that are to come out.
    """

    mixture: Mixture
    input: str
    targets: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name in results."""
        return self.mixture.id

    def facts(self) -> dict[str, Any]:
        """What results are grouped by."""
        facts: dict[str, Any] = {
            name: value for name, value in self.mixture.facts.items() if isinstance(value, (str, int, float))
        }
        speakers = {"speakers": " ".join(self.mixture.speakers)} if self.mixture.speakers else {}
        return {**facts, **speakers, "n_src": len(self.targets), "seconds": round(self.mixture.seconds, 3)}

    @property
    def transcripts(self) -> tuple[str, ...]:
        """What is said in each target, where the corpus knows; for word error rates."""
        texts = tuple(self.mixture.facts.get("transcripts", ()))[: len(self.targets)]
        return texts if len(texts) == len(self.targets) else ()


class MixtureTrials:
    """All trials of an evaluation.

    Args:
        corpus: Prepared by ``sep data prepare``.
        spec: Which mixtures, and which of their signals.
        sample_rate: Of the model, in Hz.
        names: What the model's sources are called; those are the targets where the mixtures have them.

    Raises:
        InputError: If the part has no mixtures, or they lack a signal.
    """

    def __init__(
        self, corpus: Corpus, spec: MixtureEval, *, sample_rate: int, names: tuple[str, ...] | None = None
    ) -> None:
        self.corpus, self.sample_rate, self._spec = corpus, sample_rate, spec
        mixtures = corpus.mixtures(spec.part)
        if not mixtures:
            raise InputError(f"The corpus has no mixtures for {spec.part}.", hint="Change eval.part, or the corpus.")
        count = min(spec.mixtures or len(mixtures), len(mixtures))
        chosen = [mixtures[i * len(mixtures) // count] for i in range(count)]
        targets = spec.targets or (names if names and set(names) <= chosen[0].signals.keys() else ())
        self._trials = [
            MixtureTrial(mixture, *signals_of(mixture, spec.task, input=spec.input, targets=targets))
            for mixture in chosen
        ]

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[MixtureTrial]:
        return iter(self._trials)

    def load(self, trial: MixtureTrial) -> tuple[Wave, Wave]:
        """Mixture ``(channel, time)`` and references ``(source, channel, time)``.

        Raises:
            InputError: If a file cannot be read.
        """
        references = [self._signal(trial.mixture, name) for name in trial.targets]
        return self._signal(trial.mixture, trial.input), np.stack(references)

    def _signal(self, mixture: Mixture, name: str) -> Wave:
        return resample(self.corpus.signal(mixture, name), mixture.sample_rate, self.sample_rate)
