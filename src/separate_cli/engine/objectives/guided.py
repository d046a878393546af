"""The contract of objectives that run the model themselves.

Guided.begin(model, examples)                    once, before training: what the model has to have, or is told
Guided.forward(model, inputs, references)        --> loss, a scalar
GuidedSystem                                     a System whose loss function is one of them
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from separate_cli.engine.objective import Objective
from separate_cli.engine.system import System

__all__ = ["Guided", "GuidedSystem"]

Examples = Sequence[tuple[Any, Tensor]]


class Guided(nn.Module, ABC):
    """An objective that needs more of a model than its estimates.

    Args:
        terms: Of the loss.
    """

    needed: tuple[str, ...] = ()
    """Methods that a model has to have."""

    def __init__(self, terms: Objective) -> None:
        super().__init__()
        self.terms = terms

    def check(self, model: nn.Module) -> None:
        """Refuse a model that this objective is not for.

        Raises:
            ValueError: If it lacks a method.
        """
        lacking = [name for name in self.needed if not hasattr(model, name)]
        if lacking:
            raise ValueError(f"{type(model).__name__} has no {', no '.join(lacking)}, which this objective needs.")

    def begin(self, model: nn.Module, examples: Examples) -> None:
        """Prepare a model that has not been trained yet; ``examples`` are those that it will be trained on."""

    @abstractmethod
    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch, a scalar.

        Args:
            model: Run in the precision of the trainer.
            inputs: ``(batch, time)`` or ``(batch, channel, time)``.
            references: ``(batch, source, time)`` or ``(batch, source, channel, time)``.
        """

    def compare(self, estimates: Tensor, references: Tensor) -> Tensor:
        """The terms of the loss, in 32 bits: a scalar."""
        with torch.autocast(device_type=estimates.device.type, enabled=False):
            total: Tensor = self.terms(estimates.float(), references.float())
        return total


class GuidedSystem(System):
    """A system whose loss function runs the model."""

    def common_step(self, batch: Sequence[Any], batch_nb: int, train: bool = True) -> Tensor:
        """Loss of a batch, a scalar."""
        inputs, references = batch
        loss: Tensor = self.loss_func(self.model, inputs, references)
        return loss
