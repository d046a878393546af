"""The average against the sum written out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import torch
from torch import nn

from separate_cli.engine.averaging import AveragedWeights


class Holder(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0]))
        self.frozen = nn.Parameter(torch.tensor([5.0]), requires_grad=False)


def steps(callback: AveragedWeights, module: Holder, trainer: Any, values: list[float]) -> None:
    for value in values:
        with torch.no_grad():
            module.weight.fill_(value)
        trainer.global_step += 1
        callback.on_train_batch_end(trainer, module, None, None, 0)


def test_average_is_the_recursion_with_a_growing_memory() -> None:
    callback, module, trainer = AveragedWeights(0.3), Holder(), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)  # type: ignore[arg-type]
    values = [4.0, -2.0, 3.0, 8.0, 1.0]
    steps(callback, module, trainer, values)
    expected = 1.0
    for step, value in enumerate(values, start=1):
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(callback.average, {"weight": torch.tensor([expected])})


def test_batches_that_end_no_step_do_not_count() -> None:
    callback, module, trainer = AveragedWeights(0.9), Holder(), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)  # type: ignore[arg-type]
    callback.on_train_batch_end(trainer, module, None, None, 0)  # type: ignore[arg-type]
    assert callback.step == 0


def test_validation_sees_the_average_and_training_goes_on_with_the_weights() -> None:
    callback, module, trainer = AveragedWeights(0.9), Holder(), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)  # type: ignore[arg-type]
    steps(callback, module, trainer, [4.0])
    callback.on_validation_start(trainer, module)  # type: ignore[arg-type]
    assert module.weight.item() == callback.average["weight"].item() != 4.0
    callback.on_validation_end(trainer, module)  # type: ignore[arg-type]
    assert (module.weight.item(), module.frozen.item()) == (4.0, 5.0)
