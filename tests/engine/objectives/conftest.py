"""A few steps of any objective on one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives import make_objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.models.base import Separator
from separate_cli.specs.objectives import ObjectiveSpec
from separate_cli.specs.optimize import LossTerm

Fall = Callable[..., list[float]]


@pytest.fixture
def objective_of() -> Callable[..., Guided]:
    def make(spec: ObjectiveSpec, **terms: dict[str, Any]) -> Guided:
        made = make_objective(spec, Objective({name: LossTerm(**term) for name, term in terms.items()}))
        assert isinstance(made, Guided)
        return made

    return make


@pytest.fixture
def losses_of_steps() -> Fall:
    """Losses of some Adam steps on one batch."""

    def steps(
        objective: Guided, model: Separator, inputs: Tensor, references: Tensor, n_steps: int = 12
    ) -> list[float]:
        objective.check(model)
        optimizer = torch.optim.Adam([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
        found = []
        for _ in range(n_steps):
            optimizer.zero_grad()
            loss = objective(model, inputs, references)
            loss.backward()
            optimizer.step()
            found.append(float(loss.detach()))
        return found

    return steps
