"""The weights with the least validation losses, and when to give up looking for better ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from separate_cli.engine.backend import pl
from separate_cli.engine.system import System

__all__ = ["Best", "Kept"]


@dataclass(frozen=True)
class Kept:
    """The weights of one epoch.

    Attributes:
        loss: Validation loss.
        epoch: Counted from 1.
        weights: The model's state.
    """

    loss: float
    epoch: int
    weights: dict[str, Tensor] = field(compare=False, repr=False)


class Best(pl.Callback):
    """Keeps the best weights in memory and in the saved state, so that they always fit to where the run is.

    Args:
        n_kept: How many epochs' weights to keep.
        patience_epochs: End the run after so many epochs without improvement; None: never.
        on_better: Called with the weights in place whenever they are the best so far: loss, epoch.

    Attributes:
        kept: The best, the very best first.
        epoch: The last epoch, counted from 1.
        waited: Epochs since the best one.
    """

    def __init__(
        self,
        *,
        n_kept: int = 1,
        patience_epochs: int | None = None,
        on_better: Callable[[float, int], None] = lambda loss, epoch: None,
    ) -> None:
        self.n_kept, self.patience_epochs, self.on_better = n_kept, patience_epochs, on_better
        self.kept: list[Kept] = []
        self.epoch = 0

    @property
    def loss(self) -> float:
        """The least validation loss; infinite before the first validation."""
        return self.kept[0].loss if self.kept else math.inf

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return self.epoch - self.kept[0].epoch if self.kept else 0

    @property
    def is_out_of_patience(self) -> bool:
        """Whether the run should end."""
        return self.patience_epochs is not None and self.waited >= self.patience_epochs

    def on_validation_end(self, trainer: pl.Trainer, pl_module: System) -> None:  # type: ignore[override]  # only ours
        """Compare, keep, or wait."""
        loss = float(trainer.callback_metrics["val_loss"])
        if not math.isfinite(loss):
            raise FloatingPointError(f"the validation loss is {loss}")
        self.epoch += 1
        is_best = loss < self.loss
        if is_best or len(self.kept) < self.n_kept or loss < self.kept[-1].loss:
            state = pl_module.model.state_dict()
            weights = {name: value.detach().cpu().clone() for name, value in state.items()}
            self.kept = sorted([*self.kept, Kept(loss, self.epoch, weights)], key=lambda one: one.loss)[: self.n_kept]
        if is_best:
            self.on_better(loss, self.epoch)
        if self.is_out_of_patience:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs. Patience and number are budgets and may change."""
        return {"epoch": self.epoch, "kept": [vars(one) for one in self.kept]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.epoch = state_dict["epoch"]
        self.kept = [Kept(**one) for one in state_dict["kept"]][: self.n_kept]
