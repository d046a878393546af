"""Model, loss, optimizer and data as one ``LightningModule``.

    batch = (mixture, references) --model--> estimates --loss_func--> loss --Lightning--> step

Usable with a plain ``Trainer`` of ``lightning`` or ``pytorch_lightning``, on one device or many;
``engine.fitting`` adds exact resume, the best weights and curves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader

from separate_cli.engine.backend import derive_from_loaded, load_both, pl

__all__ = ["System"]

LossFunction = Callable[..., Tensor]


class System(pl.LightningModule):
    """What is trained, how, and on what.

    Args:
        model: Takes the first part of a batch.
        optimizer: Of the model's weights.
        loss_func: Called with the model's output and the second part of a batch; gives a scalar, or one loss an item.
        train_loader: Batches ``(mixture, references)``.
        val_loader: Batches to validate on; may be None.
        scheduler: One schedule or several: a torch scheduler (stepped once an epoch; a plateau follows ``val_loss``),
            or a mapping as Lightning takes it: ``{"scheduler": ..., "interval": "step", "monitor": "val_loss"}``.
        config: What to remember in checkpoints as ``training_config``.

    Raises:
        ValueError: If a schedule's interval is neither ``"step"``, ``"batch"`` (the same) nor ``"epoch"``.
    """

    default_monitor: str = "val_loss"

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        model: nn.Module,
        optimizer: Optimizer,
        loss_func: LossFunction,
        train_loader: DataLoader[Any],
        val_loader: DataLoader[Any] | None = None,
        scheduler: Any = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        load_both()
        derive_from_loaded(System, "LightningModule")  # of every Lightning, whichever trainer comes
        super().__init__()
        self.model = model
        self.optimizer = optimizer
        self.loss_func = loss_func
        self.train_loader = train_loader
        self.val_loader = val_loader
        self.config = dict(config or {})
        self.save_hyperparameters(self.config_to_hparams(self.config))
        several = scheduler if isinstance(scheduler, (list, tuple)) else [scheduler]
        self.schedulers = [self._schedule(item) for item in several if item is not None]

    @property
    def trainer(self) -> Any:
        """The trainer that is at work, of either Lightning.

        Raises:
            RuntimeError: If there is none.
        """
        return super().trainer

    @trainer.setter
    def trainer(self, trainer: Any) -> None:
        if trainer is not None:
            derive_from_loaded(System, "LightningModule", trainer=trainer)
        first: Any = super(System, type(self))
        first.trainer.fset(self, trainer)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model gives."""
        return self.model(*args, **kwargs)

    def common_step(self, batch: Sequence[Any], batch_nb: int, train: bool = True) -> Tensor:
        """Loss of a batch, a scalar. Override it where a batch or a model is of another kind.

        The model runs in the precision of the trainer; the loss always sees 32 bits.
        """
        inputs, references = batch
        estimates = self(inputs)
        with torch.autocast(device_type=self.device.type, enabled=False):
            loss: Tensor = self.loss_func(_in_full_precision(estimates), _in_full_precision(references))
        return loss.mean()

    def training_step(self, batch: Sequence[Any], batch_nb: int) -> Tensor:
        """Loss of a training batch, logged as ``loss``."""
        loss = self.common_step(batch, batch_nb, train=True)
        self.log("loss", loss.detach(), batch_size=_batch_size(batch), prog_bar=True)
        return loss

    def validation_step(self, batch: Sequence[Any], batch_nb: int) -> Tensor:
        """Loss of a validation batch; its mean over the epoch is logged as ``val_loss``."""
        loss = self.common_step(batch, batch_nb, train=False)
        self.log(
            "val_loss", loss, batch_size=_batch_size(batch), on_step=False, on_epoch=True, prog_bar=True, sync_dist=True
        )
        return loss

    def on_validation_epoch_end(self) -> None:
        """Tell the trainer's logger the validation loss as ``hp_metric``, which TensorBoard sorts runs by."""
        loss = self.trainer.callback_metrics.get("val_loss")
        if loss is not None and self.trainer.logger is not None and not self.trainer.sanity_checking:
            self.trainer.logger.log_metrics({"hp_metric": float(loss)}, step=self.trainer.global_step)

    def configure_optimizers(self) -> Any:
        """Optimizer and schedules, as Lightning asks for them."""
        return [self.optimizer], self.schedulers

    def lr_scheduler_step(self, scheduler: Any, metric: Any | None) -> None:
        """Step a schedule of any kind that has ``step``; a plateau is told what it follows."""
        if metric is None:
            scheduler.step()
        else:
            scheduler.step(metric)

    def train_dataloader(self) -> DataLoader[Any]:
        """Training batches."""
        return self.train_loader

    def val_dataloader(self) -> Any:
        """Validation batches."""
        return [] if self.val_loader is None else self.val_loader

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep ``config`` beside the weights."""
        checkpoint["training_config"] = self.config

    @staticmethod
    def config_to_hparams(dic: Mapping[str, Any]) -> dict[str, Any]:
        """A nested configuration as TensorBoard takes it: flat, None as text, lists of numbers as tensors.

        >>> System.config_to_hparams({"optim": {"lr": 0.1, "decay": None}, "kernel": [3, 5]})
        {'optim_lr': 0.1, 'optim_decay': 'None', 'kernel': tensor([3, 5])}
        """
        return {key: _as_hparam(value) for key, value in _flat(dic)}

    def _schedule(self, scheduler: Any) -> dict[str, Any]:
        schedule = dict(scheduler) if isinstance(scheduler, Mapping) else {"scheduler": scheduler}
        if isinstance(schedule["scheduler"], ReduceLROnPlateau):
            schedule.setdefault("monitor", self.default_monitor)
        interval = schedule.setdefault("interval", "epoch")
        if interval not in {"step", "batch", "epoch"}:
            raise ValueError(f"Expected the interval of a schedule to be step, batch or epoch, got {interval!r}.")
        return {**schedule, "interval": "step" if interval == "batch" else interval}


def _in_full_precision(value: Any) -> Any:
    """Half-precision tensors as 32 bits; all else as it is."""
    if isinstance(value, Tensor) and value.dtype in {torch.float16, torch.bfloat16}:
        return value.float()
    if isinstance(value, (list, tuple)):
        return type(value)(_in_full_precision(item) for item in value)
    return value


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}_")
        else:
            yield f"{prefix}{key}", value


def _as_hparam(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(item, (int, float)) for item in value)
        return torch.tensor(value) if numbers else str(value)
    return str(value) if value is None else value


def _batch_size(batch: Sequence[Any]) -> int | None:
    first = batch[0]
    return len(first) if isinstance(first, Tensor) else None
