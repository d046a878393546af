"""Multi-Decoder DPRNN: estimates and speaker counts of every block.

    mixture, count --model.forward_stages--> estimates (batch, block, source, time), scores (batch, block, decoder)
    sum over the blocks k = 1 ... K of k / K * (count * terms(estimates, references) + weight * cross entropy(scores))

The number of speakers of an example is that of its references that are not silent; they come first.

Source: Zhu et al., "Multi-Decoder DPRNN: source separation for variable number of speakers", ICASSP 2021; weights as in
Asteroid's recipe.
Checked: tests/engine/objectives/test_counting.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.specs.objectives import CountingObjective

__all__ = ["Counting"]


class Counting(Guided):
    """All blocks of a network that counts."""

    needed = ("forward_stages", "n_srcs")

    def __init__(self, spec: CountingObjective, terms: Objective) -> None:
        super().__init__(terms)
        self.count_weight = spec.count_weight

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch.

        Raises:
            ValueError: If an example has a number of speakers that the model has no decoder for.
        """
        counts = references.ne(0).any(-1).sum(1)  # (batch)
        estimates, scores = model.forward_stages(inputs, counts)
        numbers = torch.tensor(model.n_srcs, device=counts.device)
        right = (counts.unsqueeze(1) == numbers).int().argmax(1)  # (batch)
        blocks = scores.shape[1]
        weights = torch.arange(1, blocks + 1, device=scores.device) / blocks
        total = scores.new_zeros((), dtype=torch.float32)
        for example, count in enumerate(counts.tolist()):
            wanted = references[example : example + 1, :count]
            for block, weight in enumerate(weights):
                total = total + weight * count * self.compare(estimates[example, block, None, :count], wanted)
        with torch.autocast(device_type=scores.device.type, enabled=False):
            doubt = functional.cross_entropy(
                scores.float().flatten(0, 1), right.repeat_interleave(blocks), reduction="none"
            )
        counted = (doubt.reshape(-1, blocks) * weights).sum()
        loss: Tensor = (total + self.count_weight * counted) / len(counts)
        return loss
