"""Learning rates, step by step, against the formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from separate_cli.engine.schedulers import make_schedules
from separate_cli.specs.optimize import ConstantRate, CosineRate, PlateauRate, ScheduleSpec


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)


def rates(spec: ScheduleSpec, steps: int) -> list[float]:
    chosen = optimizer()
    (schedule,) = make_schedules(spec, chosen, total_steps=steps)
    assert isinstance(schedule["scheduler"], LambdaLR) and schedule["interval"] == "step"
    found = []
    for _ in range(steps):
        found.append(chosen.param_groups[0]["lr"])
        chosen.step()
        schedule["scheduler"].step()
    return found


def test_cosine_climbs_in_a_line_and_falls_as_half_a_cosine() -> None:
    found = rates(CosineRate(warmup_steps=4, final_ratio=0.1), 20)
    climb = [0.5 * (step + 1) / 4 for step in range(4)]
    fall = [0.5 * (0.1 + 0.9 * (1 + math.cos(math.pi * (step - 4) / 16)) / 2) for step in range(4, 20)]
    assert found == pytest.approx(climb + fall)


def test_constant_with_warm_up_stays_at_the_top() -> None:
    assert rates(ConstantRate(warmup_steps=2), 6) == pytest.approx([0.25, 0.5, 0.5, 0.5, 0.5, 0.5])


def test_constant_without_warm_up_needs_no_schedule() -> None:
    assert make_schedules(ConstantRate(), optimizer(), total_steps=9) == []


def test_plateau_halves_the_rate_after_its_patience() -> None:
    chosen = optimizer()
    (schedule,) = make_schedules(PlateauRate(patience_epochs=2), chosen, total_steps=9)
    assert (schedule["interval"], schedule["monitor"]) == ("epoch", "val_loss")
    assert isinstance(schedule["scheduler"], ReduceLROnPlateau)
    found = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0):
        schedule["scheduler"].step(loss)
        found.append(chosen.param_groups[0]["lr"])
    assert found == [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
