"""What evaluations on prepared mixtures share: the channels that a model hears, the signals that it is held to.

mixture (channel, time) --heard--> --separate_array--> estimates (source, channel, time), beside the references
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separate_cli.data.mixture_trials import MixtureTrial, MixtureTrials
from separate_cli.errors import Fault, SpecError
from separate_cli.inference.arrays import separate_array
from separate_cli.metrics import best_permutation
from separate_cli.models.base import Separator
from separate_cli.specs.evaluation.separation import MixtureEval
from separate_cli.stages.evaluation.scoring import save_example
from separate_cli.stages.evaluation.subject import Subject

__all__ = ["Attempt", "Heard", "Separate", "check_fit", "save_attempt"]

Wave = NDArray[np.float32]
Separate = Callable[[MixtureTrial, Wave], Wave]
"""A trial and what is heard of it, ``(channel, time)`` → estimates ``(source, channel, time)``."""


@dataclass(frozen=True)
class Heard:
    """A mixture as a model hears it, and what it is held to; single-channel signals without the axis.

    Args:
        wave: What goes in, ``(channel, time)``.
        mixture: What the estimates are compared with, ``(time)`` or ``(channel, time)``.
        references: ``(source, time)`` or ``(source, channel, time)``.
    """

    wave: Wave
    mixture: Wave
    references: Wave

    @classmethod
    def by(cls, model: Separator, mixture: Wave, references: Wave, *, channel: int) -> Heard:
        """Of ``(channel, time)`` and ``(source, channel, time)``, the channels that ``model`` takes and gives."""
        wave = mixture[[channel]] if model.in_channels == 1 else mixture
        if model.out_channels > 1:
            return cls(wave, mixture, references)
        own = min(channel, references.shape[1] - 1)  # a source may be known at one place only
        return cls(wave, mixture[channel], references[:, own])


@dataclass(frozen=True)
class Attempt:
    """What a model made of a mixture.

    Args:
        heard: What it heard.
        estimates: Shaped as the references.
    """

    heard: Heard
    estimates: Wave

    @classmethod
    def of(
        cls,
        subject: Subject,
        trials: MixtureTrials,
        trial: MixtureTrial,
        *,
        spec: MixtureEval,
        separate: Separate | None = None,
    ) -> Attempt:
        """Load a trial and run the model, or ``separate`` in its place."""
        heard = Heard.by(subject.model, *trials.load(trial), channel=spec.channel)
        if separate is not None:
            estimates = separate(trial, heard.wave)
        else:
            estimates = separate_array(subject.model, heard.wave, whole_seconds=spec.whole_seconds)
        return cls(heard, estimates if heard.references.ndim == 3 else estimates[:, 0])


def check_fit(model: Separator, trials: MixtureTrials, *, spec: MixtureEval) -> None:
    """Hold a model against the first mixture, before any work.

    Raises:
        SpecError: If it gives too few sources, or takes another number of channels; with every fault.
        InputError: If the mixture cannot be read.
    """
    trial = next(iter(trials))
    channels = trials.load(trial)[0].shape[0]
    takes, targets, where = model.in_channels, len(trial.targets), type(model).__name__
    faults = []
    if model.n_sources < targets:
        given = f"the model gives {model.n_sources} source(s), {trial.key} has {targets}"
        faults.append(Fault(where, "eval.n_src", f"{given}: {', '.join(trial.targets)}"))
    if takes not in {None, 1, channels}:
        faults.append(Fault(where, "eval.input", f"the model takes {takes} channels, {trial.key} has {channels}"))
    if spec.channel >= channels:
        faults.append(Fault(where, "eval.channel", f"expected less than {channels}, got {spec.channel}"))
    if faults:
        raise SpecError(
            "The model does not fit the mixtures.", faults=tuple(faults), hint="Change eval, or choose another model."
        )


def save_attempt(folder: Path, trial: MixtureTrial, attempt: Attempt, *, sample_rate: int, permute: bool) -> None:
    """Keep mixture, references and estimates as audio, estimates in the references' order."""
    heard, estimates = attempt.heard, attempt.estimates
    order = (
        best_permutation(estimates.astype(float), heard.references.astype(float))
        if permute
        else range(len(trial.targets))
    )
    waves = {"mixture": heard.mixture}
    for name, reference, estimate in zip(trial.targets, heard.references, estimates[list(order)], strict=True):
        waves |= {name: reference, f"{name}_estimate": estimate}
    save_example(folder, waves, sample_rate=sample_rate)
