"""Training of models that see faces beside the wave.

    inputs = (mixture (batch, time), faces (batch, person, video frame, dim)) --model--> (batch, person, time) --terms

Checked: tests/engine/objectives/test_faces.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.specs.objectives import FacesObjective

__all__ = ["Faces"]


class Faces(Guided):
    """Compares waves, in the order of the faces."""

    needed = ("face_dim",)

    def __init__(self, spec: FacesObjective, terms: Objective) -> None:
        super().__init__(terms)

    def forward(self, model: Any, inputs: Sequence[Tensor], references: Tensor) -> Tensor:  # type: ignore[override]
        """The loss of a batch; ``inputs`` are the mixture and the faces."""
        return self.compare(model(*inputs), references)
