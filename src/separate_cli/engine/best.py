"""The weights with the least validation loss, and when to give up looking for better ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
from torch import Tensor

from separate_cli.engine.system import System

__all__ = ["Best"]


class Best(pl.Callback):
    """Keeps the best weights in memory and in the saved state, so that they always fit to where the run is.

    Args:
        patience_epochs: End the run after so many epochs without improvement; None: never.
        on_better: Called with the weights in place whenever they are the best so far.

    Attributes:
        loss: Least validation loss.
        epoch: When that was, counted from 1; 0 before the first validation.
        waited: Epochs since.
        weights: The model's weights then.
    """

    def __init__(self, *, patience_epochs: int | None, on_better: Callable[[], None] = lambda: None) -> None:
        self.patience_epochs, self.on_better = patience_epochs, on_better
        self.loss, self.epoch, self.waited = math.inf, 0, 0
        self.weights: dict[str, Tensor] = {}

    @property
    def is_out_of_patience(self) -> bool:
        """Whether the run should end."""
        return self.patience_epochs is not None and self.waited >= self.patience_epochs

    def on_validation_end(self, trainer: pl.Trainer, pl_module: System) -> None:  # type: ignore[override]  # only ours
        """Compare, keep, or wait."""
        loss = float(trainer.callback_metrics["val_loss"])
        if not math.isfinite(loss):
            raise FloatingPointError(f"the validation loss is {loss}")
        self.waited += 1
        if loss < self.loss:
            self.loss, self.epoch, self.waited = loss, self.epoch + self.waited, 0
            state = pl_module.model.state_dict()
            self.weights = {name: value.detach().cpu().clone() for name, value in state.items()}
            self.on_better()
        if self.is_out_of_patience:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs. Patience is a budget and may change."""
        return {"loss": self.loss, "epoch": self.epoch, "waited": self.waited, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.loss, self.epoch, self.waited = state_dict["loss"], state_dict["epoch"], state_dict["waited"]
        self.weights = state_dict["weights"]
