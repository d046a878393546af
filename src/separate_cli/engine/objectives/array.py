"""Training of models for any number of microphones, on batches whose recordings have different numbers of them.

    inputs (batch, microphone, time), silent microphones at the end are absent --model(inputs, numbers)--> --terms

Source: Luo et al., "End-to-end microphone permutation and number invariant multi-channel speech separation", ICASSP
2020, section 3.
Checked: tests/engine/objectives/test_array.py.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.specs.objectives import ArrayObjective

__all__ = ["Array"]


class Array(Guided):
    """Tells the model how many microphones there are; references are what the first one hears."""

    needed = ("filter_dim",)

    def __init__(self, spec: ArrayObjective, terms: Objective) -> None:
        super().__init__(terms)

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch."""
        numbers = inputs.ne(0).any(-1).sum(1).clamp(min=1)  # (batch)
        return self.compare(model(inputs, numbers), references)
