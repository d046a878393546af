"""Learning-rate schedules: what a spec asks for, as Lightning takes it.

    ScheduleSpec --make_schedules--> [{"scheduler": ..., "interval": "step" | "epoch", "monitor": "val_loss"}, ...]

Checked: tests/engine/test_schedulers.py (rates step by step against the formulas, resumed = uninterrupted).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from separate_cli.specs.optimize import CosineRate, PlateauRate, ScheduleSpec

__all__ = ["Course", "make_schedules"]


@dataclass
class Course:
    """The share of the full rate at each step: a straight climb, then flat or half a cosine.

    Args:
        warmup_steps: Length of the climb.
        total_steps: Where the cosine ends; None: flat for ever.
        final_ratio: What is left there.

    >>> course = Course(warmup_steps=2, total_steps=12, final_ratio=0.0)
    >>> [round(course(step), 3) for step in (0, 1, 2, 7, 12)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """

    warmup_steps: int = 0
    total_steps: int | None = None
    final_ratio: float = 0.0

    def __call__(self, step: int) -> float:
        """Share of the rate for the step after ``step`` steps were made."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if self.total_steps is None:
            return 1.0
        done = min(1.0, (step - self.warmup_steps) / max(1, self.total_steps - self.warmup_steps))
        return self.final_ratio + (1 - self.final_ratio) * 0.5 * (1 + math.cos(math.pi * done))


def make_schedules(spec: ScheduleSpec, optimizer: Optimizer, *, total_steps: int) -> list[dict[str, Any]]:
    """The schedules of ``optimizer``, as ``LightningModule.configure_optimizers`` gives them.

    Args:
        spec: What is asked for.
        optimizer: Whose rate to change.
        total_steps: Steps of the whole training, for schedules that depend on it.
    """
    found: list[dict[str, Any]] = []
    is_cosine = isinstance(spec, CosineRate)
    if spec.warmup_steps or is_cosine:
        course = Course(spec.warmup_steps, total_steps if is_cosine else None, getattr(spec, "final_ratio", 0.0))
        found.append({"scheduler": LambdaLR(optimizer, course), "interval": "step"})
    if isinstance(spec, PlateauRate):
        plateau = ReduceLROnPlateau(optimizer, factor=spec.factor, patience=spec.patience_epochs, min_lr=spec.min_lr)
        found.append({"scheduler": plateau, "interval": "epoch", "monitor": "val_loss"})
    return found
