"""Averages of the weights: smoother than the last ones, and often better.

    exponential   average ← decay · average + (1 - decay) · weights, after every step
    equal         average = mean of the weights at the ends of all epochs from a given one on (SWA)

The average is what is validated and kept; training goes on with the weights themselves.

Source: Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30(4),
1992; Izmailov et al., "Averaging weights leads to wider optima", UAI 2018.
Differs: the memory of the exponential average grows in the first steps as min(decay, (1 + step) / (10 + step)), so that
the start is soon forgotten. The equal average leaves the learning rate to its schedule. Running statistics of batch
normalisation are those of the weights in training.
Checked: tests/engine/test_averaging.py (against the sums written out), tests/engine/test_fitting.py (resumed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from separate_cli.engine.backend import pl

__all__ = ["AveragedWeights", "EqualAverage", "ExponentialAverage", "mean_weights"]


class AveragedWeights(pl.Callback):
    """Keeps an average, and puts it in place for validation.

    Comes after the callback that keeps the best weights, so that the average is still in place then.

    Attributes:
        count: Weights that were taken in.
        average: By name.
    """

    def __init__(self) -> None:
        self.count = 0
        self.average: dict[str, Tensor] = {}
        self._own: dict[str, Tensor] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin with the weights as they are, on their device."""
        for name, weight in _weights(pl_module).items():
            self.average[name] = self.average.get(name, weight).detach().to(weight.device, copy=True)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the average in place, if there is one."""
        if self.count:
            weights = _weights(pl_module)
            self._own = {name: weight.detach().clone() for name, weight in weights.items()}
            _copy(self.average, weights)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back."""
        if self._own:
            _copy(self._own, _weights(pl_module))
            self._own = {}

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {"count": self.count, "average": self.average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.count, self.average = state_dict["count"], state_dict["average"]

    def _take_in(self, module: pl.LightningModule, share: float) -> None:
        """Move the average towards the weights by a share of the way."""
        for name, weight in _weights(module).items():
            self.average[name].lerp_(weight.detach(), share)


class ExponentialAverage(AveragedWeights):
    """The exponential average.

    Args:
        decay: Memory, just below 1.
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self._seen = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin with the weights as they are, on their device."""
        super().on_train_start(trainer, pl_module)
        self._seen = trainer.global_step

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take in the weights, if this batch has ended a step."""
        if trainer.global_step == self._seen:
            return
        self._seen = trainer.global_step
        self.count += 1
        self._take_in(pl_module, 1 - min(self.decay, (1 + self.count) / (10 + self.count)))


class EqualAverage(AveragedWeights):
    """The equal average of epochs.

    Args:
        first_epoch: From which epoch on, counted from 1.
    """

    def __init__(self, first_epoch: int) -> None:
        super().__init__()
        self.first_epoch = first_epoch
        self.epoch = 0

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take in the weights of the epoch that has ended, then put the average in place."""
        self.epoch += 1
        if self.epoch >= self.first_epoch:
            self.count += 1
            self._take_in(pl_module, 1 / self.count)
        super().on_validation_start(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {**super().state_dict(), "epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        super().load_state_dict(state_dict)
        self.epoch = state_dict["epoch"]


def mean_weights(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of several models' states; whole numbers, such as counters, are those of the first.

    >>> states = [{"w": torch.tensor([1.0]), "n": torch.tensor(3)}, {"w": torch.tensor([2.0]), "n": torch.tensor(5)}]
    >>> mean_weights(states)
    {'w': tensor([1.5000]), 'n': tensor(3)}
    """
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }


def _weights(module: pl.LightningModule) -> dict[str, nn.Parameter]:
    return {name: weight for name, weight in module.named_parameters() if weight.requires_grad}


def _copy(source: dict[str, Tensor], target: dict[str, nn.Parameter]) -> None:
    with torch.no_grad():
        for name, weight in target.items():
            weight.copy_(source[name])
