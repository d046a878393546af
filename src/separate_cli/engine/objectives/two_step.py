"""Two-step training: first the filterbank, by ideal masks, then the mask network in its latent space.

    filterbank   references --model.reconstruct(mixture, references)--> estimates       --terms-- references
    latents      mixture --model.estimate_latents--> (batch, source, filter * frame)    --terms-- model.latent_targets

Source: Tzinis et al., "Two-step sound source separation: training on learned latent targets", ICASSP 2020.
Differs: in the first step estimate and reference keep their order, which the masks know.
Checked: tests/engine/objectives/test_two_step.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Examples, Guided
from separate_cli.specs.objectives import FilterbankObjective, LatentsObjective

__all__ = ["Filterbank", "Latents"]


class Filterbank(Guided):
    """Trains the filterbank; the mask network has no part in it."""

    needed = ("reconstruct",)

    def __init__(self, spec: FilterbankObjective, terms: Objective) -> None:
        super().__init__(terms)

    def begin(self, model: nn.Module, examples: Examples) -> None:
        """Leave the mask network as it is."""
        for name, weight in model.named_parameters():
            weight.requires_grad_(name.startswith(("encoder.", "decoder.")))

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch."""
        return self.compare(model.reconstruct(inputs, references), references)


class Latents(Guided):
    """Trains the mask network; the filterbank stays as it is."""

    needed = ("freeze_filterbank", "estimate_latents", "latent_targets")

    def __init__(self, spec: LatentsObjective, terms: Objective) -> None:
        super().__init__(terms)

    def begin(self, model: Any, examples: Examples) -> None:
        """Leave the filterbank as it is."""
        model.freeze_filterbank()

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch."""
        with torch.no_grad():
            wanted = model.latent_targets(inputs, references)
        return self.compare(model.estimate_latents(inputs).flatten(2), wanted.flatten(2))
