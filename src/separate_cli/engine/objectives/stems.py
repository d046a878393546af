"""X-UMX: magnitudes and waves of stems, and of all sums of some of them.

    mean over the sets of stems: MSE of magnitudes  +  time_weight * (1 + mean over the sets: weighted SDR of waves)

    weighted SDR of a set with sum s, of the mixture x, estimated as e, with the rest n = x - s:
        - a * cos(e, s) - (1 - a) * cos(x - e, n),   a = |s|² / (|s|² + |n|²)

Sets are the single stems, and, with ``combinations``, all sets of 2 up to all but one.

Source: Sawata et al., "All for one and one for all: improving music separation by bridging networks", ICASSP 2021,
sections 3.1 and 3.2; weighted SDR of Choi et al., "Phase-aware speech enhancement with Deep Complex U-Net", ICLR 2019.
Checked: tests/engine/objectives/test_stems.py.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Examples, Guided
from separate_cli.specs.objectives import StemsObjective

__all__ = ["Stems", "weighted_sdr"]

_EPS = 1e-10
_LEAST_DEVIATION = 1e-4
"""Of a bin, against the bin that varies most."""


class Stems(Guided):
    """Magnitudes and waves of all stems, and sums of them, at once."""

    needed = ("masked_magnitudes", "set_statistics", "magnitudes")

    def __init__(self, spec: StemsObjective, terms: Objective) -> None:
        super().__init__(terms)
        self.spec = spec

    def begin(self, model: Any, examples: Examples) -> None:
        """Tell the model the mean and deviation of each bin."""
        count, total, squares = 0, torch.zeros(()), torch.zeros(())
        every = max(1, len(examples) // self.spec.statistics_examples)
        for index in range(0, len(examples), every):
            with torch.no_grad():
                mono = model.magnitudes(examples[index][0].unsqueeze(0)).mean(2).flatten(0, 1).double()  # (frame, bin)
            count, total, squares = count + len(mono), total + mono.sum(0), squares + mono.square().sum(0)
        mean = total / count
        deviation = (squares / count - mean.square()).clamp(min=0).sqrt()
        model.set_statistics(mean, deviation.clamp(min=_LEAST_DEVIATION * float(deviation.max())))

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch."""
        waves, magnitudes = model.waves_and_magnitudes(inputs)
        with torch.autocast(device_type=inputs.device.type, enabled=False):
            with torch.no_grad():
                stems = [model.magnitudes(stem) for stem in references.unbind(1)]
                wanted = torch.stack(stems)  # (source, frame, batch, channel, bin)
            sets = list(self._sets(references.shape[1]))
            loss = torch.stack([(_sum(magnitudes, one) - _sum(wanted, one)).square().mean() for one in sets]).mean()
            if not self.spec.time_weight:
                return loss
            mixture, estimates = references.sum(1), waves.float().transpose(0, 1)
            stems_first = references.transpose(0, 1)
            ratios = [weighted_sdr(_sum(estimates, one), _sum(stems_first, one), mixture) for one in sets]
            return loss + self.spec.time_weight * (1 + torch.stack(ratios).mean())

    def _sets(self, n_stems: int) -> list[tuple[int, ...]]:
        sizes = range(1, max(2, n_stems)) if self.spec.combinations else (1,)
        return [chosen for size in sizes for chosen in combinations(range(n_stems), size)]


def weighted_sdr(estimate: Tensor, reference: Tensor, mixture: Tensor) -> Tensor:
    """Negative weighted SDR, the mean over all waves: -1 is perfect.

    Args:
        estimate: ``(..., time)``.
        reference: Of the same shape.
        mixture: Of the same shape.

    >>> wave, rest = torch.tensor([[1.0, 1.0, -1.0]]), torch.tensor([[0.0, 2.0, 0.0]])
    >>> [round(float(weighted_sdr(estimate, wave, wave + rest)), 4) for estimate in (wave, -wave)]
    [-1.0, -0.038]
    """
    rest, rest_estimate = mixture - reference, mixture - estimate
    energy, rest_energy = reference.square().sum(-1), rest.square().sum(-1)
    share = energy / (energy + rest_energy + _EPS)
    loss: Tensor = -share * _cosine(estimate, reference) - (1 - share) * _cosine(rest_estimate, rest)
    return loss.mean()


def _cosine(first: Tensor, second: Tensor) -> Tensor:
    norms = (first.square().sum(-1) + _EPS).sqrt() * (second.square().sum(-1) + _EPS).sqrt()
    cosine: Tensor = (first * second).sum(-1) / (norms + _EPS)
    return cosine


def _sum(waves: Tensor, chosen: tuple[int, ...]) -> Tensor:
    """Sum of some of ``(source, ...)``."""
    return waves[list(chosen)].float().sum(0)
