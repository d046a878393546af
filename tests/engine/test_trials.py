"""Trials: learning by heart ends with a verdict, and the rate test finds the slope."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from separate_cli.engine.system import System
from separate_cli.engine.trials import Loop, find_rate, overfit, smoothed, suggestion

CPU = torch.device("cpu")


def make(model: nn.Module | None = None, *, lr: float = 0.05, precision: str = "32") -> Loop:
    torch.manual_seed(0)
    model = model or nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 6))
    vectors = torch.randn(8, 6)
    loader = DataLoader(TensorDataset(vectors, vectors.flip(1)), batch_size=4)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    system = System(model, optimizer, nn.functional.mse_loss, loader)
    return Loop(system, CPU, precision=precision, clip_norm=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_a_model_that_can_learn_learns_by_heart(precision: str) -> None:
    loop = make(precision=precision)
    batches = list(loop.system.train_loader)
    *_, last = overfit(loop, batches, goal_of=lambda first: 0.1 * first, most_steps=300)
    assert last.learned and not last.untouched
    assert max(last.losses[-2:]) <= last.goal == pytest.approx(0.1 * last.losses[0])
    assert 4 < len(last.losses) < 300


class Deaf(nn.Module):
    """Gives the same whatever it hears; one layer has no part in it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self.said = nn.Linear(6, 6), nn.Parameter(torch.zeros(6))

    def forward(self, vectors: Tensor) -> Tensor:
        return self.said.expand(len(vectors), -1) + 0 * self.heard(vectors)


def test_a_model_that_cannot_learn_is_found_out_and_its_dead_weights_named() -> None:
    loop = make(Deaf())
    *_, last = overfit(loop, list(loop.system.train_loader), goal_of=lambda first: 0.1 * first, most_steps=30)
    assert not last.learned and len(last.losses) == 30
    assert set(last.untouched) == {"heard.weight", "heard.bias"}


def test_a_loss_that_is_nan_ends_the_trial() -> None:
    loop = make(lr=1e30)
    *_, last = overfit(loop, list(loop.system.train_loader), goal_of=lambda first: 0.1 * first, most_steps=300)
    assert not last.learned and len(last.losses) < 20


def test_rates_climb_evenly_on_a_logarithmic_scale_until_the_loss_runs_away() -> None:
    loop = make()
    course = list(find_rate(loop, itertools.cycle(loop.system.train_loader), lowest=1e-5, highest=1e3, steps=100))
    rates, losses = map(np.array, zip(*course, strict=True))
    assert 20 < len(course) < 100
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(1e8) / 99, rtol=1e-6)
    found = suggestion(rates.tolist(), losses.tolist())
    assert found is not None and 1e-3 < found < 1


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    rates = np.geomspace(1e-6, 1, 60).tolist()
    assert suggestion(rates, [1.0 + 0.1 * step for step in range(60)]) is None
    assert suggestion(rates[:5], [1.0] * 5) is None
    assert suggestion([], []) is None


def test_the_average_is_unbiased() -> None:
    losses = [3.0, -1.0, 4.0]
    weights = [[1.0], [0.9, 1.0], [0.81, 0.9, 1.0]]
    expected = [float(np.average(losses[: len(one)], weights=one)) for one in weights]
    assert smoothed(losses) == pytest.approx(expected)
    assert math.isnan(smoothed([math.nan])[0])
