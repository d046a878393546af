"""Learning-rate schedules: classes of their own, and what a spec asks for, as Lightning takes it.

    ScheduleSpec --make_schedules--> [{"scheduler": ..., "interval": "step" | "epoch", "monitor": "val_loss"}, ...]

Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, eq. 3 (Noam); Chen et al., "Dual-path transformer
network", Interspeech 2020, section 3.2 (DPTNet).
Checked: tests/engine/test_schedulers.py (rates step by step against the formulas, resumed = uninterrupted).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau, StepLR

from separate_cli.specs.optimize import CosineRate, DPTNetRate, NoamRate, PlateauRate, ScheduleSpec, StepRate

__all__ = [
    "BaseScheduler",
    "CosineScheduler",
    "DPTNetScheduler",
    "NoamScheduler",
    "StepwiseScheduler",
    "WarmUp",
    "make_schedules",
]


def __getattr__(name: str) -> Any:
    """Asteroid has SinkPIT's schedule here; it is a callback of Lightning, which is not loaded for the others."""
    if name not in {"SinkPITBetaScheduler", "sinkpit_default_beta_schedule"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("separate_cli.engine.sinkpit_beta"), name)


class StepwiseScheduler(LRScheduler):
    """A rate that is a function of the step: subclasses give ``rate``. Step it after each step of the optimizer.

    Args:
        optimizer: Whose rate to set. Its own ``lr`` is what ``rate`` is told as ``base``.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """The rate for the ``step``-th step, counted from 1."""
        raise NotImplementedError

    def get_lr(self) -> list[float | Tensor]:
        """The rates for the coming step, as torch asks for them."""
        return [self.rate(self.last_epoch + 1, float(base)) for base in self.base_lrs]

    def as_tensor(self, start: int = 0, stop: int = 100_000) -> Tensor:
        """The rates of the steps after ``start`` up to ``stop``, for a plot."""
        return torch.tensor([self.rate(step, float(self.base_lrs[0])) for step in range(start + 1, stop + 1)])


class BaseScheduler:
    """A schedule of your own in Asteroid's form: subclasses give ``_get_lr`` of ``step_num``, counted from 1.

    Nothing is asked before the first ``step``, so that a subclass may set what it needs after ``super().__init__``; the
    very first step of training has the optimizer's own rate. ``StepwiseScheduler`` is a torch scheduler, and holds for
    that step as well.

    Args:
        optimizer: Whose rate to set.

    >>> class Root(BaseScheduler):
    ...     def _get_lr(self):
    ...         return self.step_num**-0.5
    >>> Root(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)).as_tensor(stop=4)
    tensor([1.0000, 0.7071, 0.5774, 0.5000])
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.step_num = 0

    def _get_lr(self) -> float:
        raise NotImplementedError

    def step(self, metrics: Any = None, epoch: int | None = None) -> None:
        """Count a step and set the rate for it, of all groups of weights."""
        self.step_num += 1
        rate = self._get_lr()
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def zero_grad(self) -> None:
        """Forget the gradients of the optimizer's weights."""
        self.optimizer.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state."""
        vars(self).update(state_dict)

    def as_tensor(self, start: int = 0, stop: int = 100_000) -> Tensor:
        """The rates of the steps after ``start`` up to ``stop``, for a plot."""
        trial, rates = copy(self), []
        for trial.step_num in range(1, stop + 1):  # each in turn: a subclass may count epochs
            rates.append(trial._get_lr())
        return torch.tensor(rates[start:])


class NoamScheduler(StepwiseScheduler):
    """``scale / sqrt(d_model)`` times the lesser of ``1 / sqrt(step)`` and ``step / warmup_steps ** 1.5``.

    Args:
        optimizer: Whose rate to set.
        d_model: Units of the model's layers.
        warmup_steps: Length of the climb.
        scale: Factor for all rates.

    >>> optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
    >>> NoamScheduler(optimizer, 100, warmup_steps=4).as_tensor(stop=5)
    tensor([0.0125, 0.0250, 0.0375, 0.0500, 0.0447])
    """

    def __init__(self, optimizer: Optimizer, d_model: int, warmup_steps: int, scale: float = 1.0) -> None:
        self.d_model, self.warmup_steps, self.scale = d_model, warmup_steps, scale
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """See the class."""
        return float(self.scale * self.d_model**-0.5 * min(step**-0.5, step * self.warmup_steps**-1.5))


class DPTNetScheduler(NoamScheduler):
    """Noam's climb, then ``exp_max`` times ``exp_base`` to the half of the epoch, rounded down.

    Args:
        optimizer: Whose rate to set.
        steps_per_epoch: Steps of the optimizer in an epoch.
        d_model: Units of the model's layers.
        warmup_steps: Length of the climb.
        noam_scale: Factor for the climb.
        exp_max: The rate that the second phase begins with.
        exp_base: What it is multiplied by every second epoch.
    """

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        optimizer: Optimizer,
        steps_per_epoch: int,
        d_model: int,
        warmup_steps: int = 4000,
        noam_scale: float = 1.0,
        exp_max: float = 4e-4,
        exp_base: float = 0.98,
    ) -> None:
        self.steps_per_epoch, self.exp_max, self.exp_base = steps_per_epoch, exp_max, exp_base
        super().__init__(optimizer, d_model, warmup_steps, noam_scale)

    def rate(self, step: int, base: float) -> float:
        """See the class."""
        if step <= self.warmup_steps:
            return super().rate(step, base)
        epoch = (step - 1) // self.steps_per_epoch  # counted from 0
        return float(self.exp_max * self.exp_base ** (epoch // 2))


class CosineScheduler(StepwiseScheduler):
    """A straight climb to the full rate, then half a cosine down.

    Args:
        optimizer: Whose rate to set.
        total_steps: Where the cosine ends.
        warmup_steps: Length of the climb.
        final_ratio: What is left at the end.
    """

    def __init__(
        self, optimizer: Optimizer, total_steps: int, *, warmup_steps: int = 0, final_ratio: float = 0.0
    ) -> None:
        self.total_steps, self.warmup_steps, self.final_ratio = total_steps, warmup_steps, final_ratio
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """See the class."""
        if step <= self.warmup_steps:
            return base * step / self.warmup_steps
        done = min(1.0, (step - 1 - self.warmup_steps) / max(1, self.total_steps - self.warmup_steps))
        return base * (self.final_ratio + (1 - self.final_ratio) * 0.5 * (1 + math.cos(math.pi * done)))


class WarmUp(LRScheduler):
    """A straight climb to the full rate; what comes after it is left to others.

    Args:
        optimizer: Whose rate to set.
        steps: Length of the climb.
    """

    def __init__(self, optimizer: Optimizer, steps: int) -> None:
        self.steps = steps
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        """The rates for the coming step, as torch asks for them."""
        if self.last_epoch < self.steps:
            return [float(base) * (self.last_epoch + 1) / self.steps for base in self.base_lrs]
        return [group["lr"] for group in self.optimizer.param_groups]


def make_schedules(
    spec: ScheduleSpec, optimizer: Optimizer, *, total_steps: int, steps_per_epoch: int
) -> list[dict[str, Any]]:
    """The schedules of ``optimizer``, as ``LightningModule.configure_optimizers`` gives them.

    Args:
        spec: What is asked for.
        optimizer: Whose rate to change.
        total_steps: Steps of the whole training, for schedules that depend on it.
        steps_per_epoch: Steps of an epoch.
    """
    if isinstance(spec, NoamRate):
        return [_each_step(NoamScheduler(optimizer, spec.d_model, spec.warmup_steps, spec.scale))]
    if isinstance(spec, DPTNetRate):
        args = spec.model_dump(exclude={"kind"})
        return [_each_step(DPTNetScheduler(optimizer, steps_per_epoch, **args))]
    if isinstance(spec, CosineRate):
        args = spec.model_dump(exclude={"kind"})
        return [_each_step(CosineScheduler(optimizer, total_steps, **args))]
    found = [_each_step(WarmUp(optimizer, spec.warmup_steps))] if spec.warmup_steps else []
    if isinstance(spec, StepRate):
        found.append({"scheduler": StepLR(optimizer, spec.every_epochs, spec.factor), "interval": "epoch"})
    if isinstance(spec, PlateauRate):
        plateau = ReduceLROnPlateau(
            optimizer,
            factor=spec.factor,
            patience=spec.patience_epochs,
            cooldown=spec.cooldown_epochs,
            min_lr=spec.min_lr,
        )
        found.append({"scheduler": plateau, "interval": "epoch", "monitor": "val_loss"})
    return found


def _each_step(scheduler: LRScheduler) -> dict[str, Any]:
    return {"scheduler": scheduler, "interval": "step"}
