"""Quick trials of a system: learn a few batches by heart, and find a learning rate. One device, no files.

    overfit      the same batches again and again --> Verdict
    find_rate    a higher rate at each step --> [(rate, loss), ...] --suggestion--> where the loss falls fastest

Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3 (range test).
Differs: the rate that is suggested is that of the steepest fall of the smoothed loss, over the logarithm of the rate.
Checked: tests/engine/test_trials.py.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from separate_cli.engine.fitting import Precision
from separate_cli.engine.system import System

__all__ = ["Loop", "Verdict", "find_rate", "overfit", "smoothed", "suggestion"]

_DTYPES = {"bf16": torch.bfloat16, "16": torch.float16}
_SMOOTHING = 0.9
_SKIPPED = 10
"""First losses that are not looked at: the average has hardly begun."""


class Loop:
    """Steps of a system's optimizer on one device, without Lightning.

    Args:
        system: Model, loss and optimizer.
        device: Where.
        precision: Of the model.
        clip_norm: Largest norm of the gradient; None: no limit.
    """

    def __init__(
        self, system: System, device: torch.device, *, precision: Precision = "32", clip_norm: float | None = None
    ) -> None:
        self.system, self.device, self.clip_norm = system.to(device), device, clip_norm
        self.dtype = _DTYPES.get(precision)
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "16")

    def step(self, batch: Any) -> float:
        """Make one step; the loss before it."""
        system, optimizer = self.system, self.system.optimizer
        system.train()
        optimizer.zero_grad()
        placed = system.transfer_batch_to_device(batch, self.device, 0)
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype is not None):
            loss = system.common_step(placed, 0, train=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # of torch
        self.scaler.unscale_(optimizer)
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(system.parameters(), self.clip_norm)
        self.scaler.step(optimizer)
        self.scaler.update()
        return float(loss.detach())

    def untouched(self) -> list[str]:
        """Names of the weights that the last step's gradient has not reached."""
        weights = self.system.model.named_parameters()
        return [name for name, weight in weights if weight.requires_grad and not _is_alive(weight.grad)]


@dataclass(frozen=True)
class Verdict:
    """What came of learning by heart.

    Args:
        learned: Whether the goal was reached.
        losses: Of all steps.
        goal: The loss to reach.
        untouched: Weights that no gradient reaches.
    """

    learned: bool
    losses: tuple[float, ...]
    goal: float
    untouched: tuple[str, ...]


def overfit(
    loop: Loop, batches: Sequence[Any], *, goal_of: Callable[[float], float], most_steps: int
) -> Iterator[Verdict]:
    """Learn ``batches`` by heart; gives what is known after each step, until the goal is reached or steps run out.

    Args:
        loop: Makes the steps.
        batches: Taken in turn.
        goal_of: The first loss to the one to reach.
        most_steps: Give up after so many.
    """
    losses: list[float] = []
    goal, untouched = -math.inf, tuple[str, ...]()
    for batch in itertools.islice(itertools.cycle(batches), most_steps):
        losses.append(loop.step(batch))
        if len(losses) == 1:
            goal, untouched = goal_of(losses[0]), tuple(loop.untouched())
        last = losses[-len(batches) :]
        learned = len(losses) > len(batches) and max(last) <= goal
        yield Verdict(learned, tuple(losses), goal, untouched)
        if learned or not math.isfinite(losses[-1]):
            return


def find_rate(
    loop: Loop, batches: Iterator[Any], *, lowest: float, highest: float, steps: int
) -> Iterator[tuple[float, float]]:
    """Rate and loss of each step; ends early when the loss is above where it began, and still rising.

    Args:
        loop: Makes the steps.
        batches: As many as it takes.
        lowest: Rate of the first step.
        highest: Rate of the last step.
        steps: How many, at most.
    """
    losses: list[float] = []
    for rate in np.geomspace(lowest, highest, steps):
        for group in loop.system.optimizer.param_groups:
            group["lr"] = float(rate)
        losses.append(loop.step(next(batches)))
        if not math.isfinite(losses[-1]):
            return
        yield float(rate), losses[-1]
        if len(losses) > _SKIPPED and _runs_away(losses):
            return


def smoothed(losses: Sequence[float]) -> list[float]:
    """A running average, unbiased from the first value on.

    >>> smoothed([2.0, 2.0, 2.0])
    [2.0, 2.0, 2.0]
    """
    average, found = 0.0, []
    for count, loss in enumerate(losses, start=1):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        found.append(round(average / (1 - _SMOOTHING**count), 12))
    return found


def suggestion(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """The rate at which the smoothed loss falls fastest; None when it never falls.

    >>> rates = [10 ** (step / 10 - 5) for step in range(50)]
    >>> losses = [-10 / (1 + (1e-3 / rate) ** 2) if rate < 0.1 else 50.0 for rate in rates]  # half of it by 1e-3
    >>> round(suggestion(rates, losses), 4)
    0.002
    """
    course = np.array(smoothed(losses))
    best = int(course[_SKIPPED:].argmin()) + _SKIPPED if len(course) > _SKIPPED else 0
    if best < _SKIPPED + 2:
        return None
    slope = np.gradient(course[: best + 1], np.log(rates[: best + 1]))[_SKIPPED:]
    steepest = int(slope.argmin())
    return None if slope[steepest] >= 0 else float(rates[steepest + _SKIPPED])


def _runs_away(losses: Sequence[float]) -> bool:
    """Whether the smoothed loss has climbed as far above its beginning as it was below, or far beyond its noise."""
    course = np.array(smoothed(losses))
    noise = float(np.std(losses[:_SKIPPED]))
    return bool(course[-1] > course[0] + max(course[0] - course.min(), 3 * noise))


def _is_alive(gradient: Tensor | None) -> bool:
    return gradient is not None and bool(gradient.ne(0).any())
