"""A running average of the weights: smoother than the last ones, and often better.

    average ← decay · average + (1 - decay) · weights, after every step

The average is what is validated and kept; training goes on with the weights themselves.

Source: Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30(4),
1992.
Differs: the memory is exponential, and grows in the first steps as min(decay, (1 + step) / (10 + step)), so that the
start is soon forgotten.
Checked: tests/engine/test_averaging.py (against the sum written out), tests/engine/test_fitting.py (resumed).
"""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

__all__ = ["AveragedWeights"]


class AveragedWeights(pl.Callback):
    """Keeps the average, and puts it in place for validation.

    Comes after the callback that keeps the best weights, so that the average is still in place then.

    Args:
        decay: Memory, just below 1.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.step = 0
        self.average: dict[str, Tensor] = {}
        self._own: dict[str, Tensor] = {}
        self._seen = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin with the weights as they are, on their device."""
        self._seen = trainer.global_step
        for name, weight in _weights(pl_module).items():
            self.average[name] = self.average.get(name, weight).detach().to(weight.device, copy=True)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take in the weights, if this batch has ended a step."""
        if trainer.global_step == self._seen:
            return
        self._seen = trainer.global_step
        self.step += 1
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        for name, weight in _weights(pl_module).items():
            self.average[name].lerp_(weight.detach(), 1 - decay)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the average in place."""
        weights = _weights(pl_module)
        self._own = {name: weight.detach().clone() for name, weight in weights.items()}
        _copy(self.average, weights)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back."""
        _copy(self._own, _weights(pl_module))
        self._own = {}

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {"step": self.step, "average": self.average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.step, self.average = state_dict["step"], state_dict["average"]


def _weights(module: pl.LightningModule) -> dict[str, nn.Parameter]:
    return {name: weight for name, weight in module.named_parameters() if weight.requires_grad}


def _copy(source: dict[str, Tensor], target: dict[str, nn.Parameter]) -> None:
    with torch.no_grad():
        for name, weight in target.items():
            weight.copy_(source[name])
