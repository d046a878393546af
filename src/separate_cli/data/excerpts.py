"""From the signals of a mixture to one example, wherever they come from.

    Mixture, MixtureExamples --place_of--> which stretch --signals--> --to_example--> mixture, references

Checked: tests/data/test_mixture_dataset.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.data.mixtures import Mixture
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples

__all__ = ["names_of", "place_of", "segment_samples", "to_example"]

Wave = NDArray[np.float32]


def segment_samples(wish: MixtureExamples) -> int | None:
    """Length of an excerpt; None for whole mixtures."""
    return None if wish.segment_seconds is None else round(wish.segment_seconds * wish.sample_rate)


def names_of(mixture: Mixture, wish: MixtureExamples) -> tuple[str, tuple[str, ...]]:
    """The signal that goes in, and those that are wanted.

    Raises:
        InputError: If the mixture lacks one, is of another sample rate, or has too many targets.
    """
    if mixture.sample_rate != wish.sample_rate:
        raise InputError(
            f"Mixture {mixture.id} is at {mixture.sample_rate} Hz, the examples are at {wish.sample_rate} Hz.",
            hint="Set train.examples.sample_rate to that of the corpus, or prepare it at another rate.",
        )
    heard, wanted = signals_of(mixture, wish.task, input=wish.input, targets=wish.targets)
    if len(wanted) > wish.n_src:
        raise InputError(
            f"Mixture {mixture.id} has {len(wanted)} targets, n_src is {wish.n_src}.",
            hint="Raise n_src, or name the wanted signals in targets.",
        )
    return heard, wanted


def place_of(mixture: Mixture, wish: MixtureExamples, rng: np.random.Generator) -> tuple[int, int]:
    """First sample and length of an excerpt from anywhere in a mixture; all of it where it is shorter."""
    wanted = segment_samples(wish)
    if wanted is None:
        return 0, mixture.frames
    return int(rng.integers(max(1, mixture.frames - wanted + 1))), min(wanted, mixture.frames)


def to_example(
    signals: Mapping[str, Wave], heard: str, wanted: Sequence[str], wish: MixtureExamples
) -> tuple[Tensor, Tensor]:
    """Mixture ``(time)`` or ``(channel, time)``, references ``(source, time)`` or ``(source, channel, time)``.

    Args:
        signals: Name → ``(channel, time)``.
        heard: Name of the input.
        wanted: Names of the targets; silent ones are added up to ``n_src``.
        wish: Length, channels, level.
    """
    mixture = _shape(signals[heard], wish)
    targets = [_shape(signals[name], wish) for name in wanted]
    silence = [np.zeros_like(targets[0])] * (wish.n_src - len(targets))
    references = np.stack([*targets, *silence])  # (source, [channel,] time)
    if wish.normalize:
        scale = np.float32(1 / (mixture.std() + 1e-8))
        mixture, references = mixture * scale, references * scale
    return torch.from_numpy(mixture), torch.from_numpy(references)


def _shape(wave: Wave, wish: MixtureExamples) -> Wave:
    """The wanted channels of a signal, with silence after it up to the length of all examples."""
    missing = (segment_samples(wish) or 0) - wave.shape[1]
    if missing > 0:
        wave = np.pad(wave, ((0, 0), (0, missing)))
    if wish.channels == "all":
        return wave
    mono: Wave = wave[0] if wish.channels == "first" or len(wave) == 1 else wave.mean(axis=0)
    return mono
