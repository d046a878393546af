"""SinkPIT's inverse temperature as a function of the epoch: soft assignments at first, harder ones later.

Source: Tachibana, "Towards listening to 10 people simultaneously", ICASSP 2021, section 3.3.
Checked: tests/engine/test_schedulers.py (the values that reach the loss, also after a resume).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from separate_cli.engine.backend import derive_from_loaded, pl
from separate_cli.losses import SinkPITLossWrapper

__all__ = ["SinkPITBetaScheduler", "sinkpit_default_beta_schedule"]


def sinkpit_default_beta_schedule(epoch: int) -> float:
    """``min(1.02 ** epoch, 10)``.

    >>> sinkpit_default_beta_schedule(0), sinkpit_default_beta_schedule(500)
    (1.0, 10.0)
    """
    return min(1.02**epoch, 10.0)


class SinkPITBetaScheduler(pl.Callback):
    """Sets ``beta`` of every SinkPIT loss of a system when an epoch begins.

    Args:
        cooling_schedule: The epoch, counted from 0, to beta.
        epoch: Gives the epoch; None: the trainer's own count.
    """

    def __init__(
        self,
        cooling_schedule: Callable[[int], float] = sinkpit_default_beta_schedule,
        *,
        epoch: Callable[[], int] | None = None,
    ) -> None:
        derive_from_loaded(SinkPITBetaScheduler, "Callback")
        self.cooling_schedule, self.epoch = cooling_schedule, epoch

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Set it."""
        beta = self.cooling_schedule(trainer.current_epoch if self.epoch is None else self.epoch())
        for loss in sinkpit_losses(pl_module.loss_func):
            loss.beta = beta


def sinkpit_losses(loss_func: object) -> list[SinkPITLossWrapper]:
    """All SinkPIT losses in ``loss_func``."""
    modules = loss_func.modules() if isinstance(loss_func, nn.Module) else ()
    return [module for module in modules if isinstance(module, SinkPITLossWrapper)]
