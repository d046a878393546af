"""The averages against the sums written out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import torch
from torch import nn

from separate_cli.engine.averaging import AveragedWeights, EqualAverage, ExponentialAverage, mean_weights


class Holder(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0]))
        self.frozen = nn.Parameter(torch.tensor([5.0]), requires_grad=False)


def steps(callback: ExponentialAverage, module: Holder, trainer: Any, values: list[float]) -> None:
    for value in values:
        with torch.no_grad():
            module.weight.fill_(value)
        trainer.global_step += 1
        callback.on_train_batch_end(trainer, module, None, None, 0)


def test_average_is_the_recursion_with_a_growing_memory() -> None:
    callback, module, trainer = ExponentialAverage(0.3), Holder(), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)  # type: ignore[arg-type]
    values = [4.0, -2.0, 3.0, 8.0, 1.0]
    steps(callback, module, trainer, values)
    expected = 1.0
    for step, value in enumerate(values, start=1):
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(callback.average, {"weight": torch.tensor([expected])})


def test_batches_that_end_no_step_do_not_count() -> None:
    callback, module, trainer = ExponentialAverage(0.9), Holder(), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)  # type: ignore[arg-type]
    callback.on_train_batch_end(trainer, module, None, None, 0)  # type: ignore[arg-type]
    assert callback.count == 0


def test_validation_sees_the_average_and_training_goes_on_with_the_weights() -> None:
    callback, module, trainer = ExponentialAverage(0.9), Holder(), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)  # type: ignore[arg-type]
    steps(callback, module, trainer, [4.0])
    callback.on_validation_start(trainer, module)  # type: ignore[arg-type]
    assert module.weight.item() == callback.average["weight"].item() != 4.0
    callback.on_validation_end(trainer, module)  # type: ignore[arg-type]
    assert (module.weight.item(), module.frozen.item()) == (4.0, 5.0)


def epochs(callback: AveragedWeights, module: Holder, values: list[float]) -> list[float]:
    """What is validated at the end of each epoch."""
    seen = []
    for value in values:
        with torch.no_grad():
            module.weight.fill_(value)
        callback.on_validation_start(None, module)  # type: ignore[arg-type]
        seen.append(module.weight.item())
        callback.on_validation_end(None, module)  # type: ignore[arg-type]
        assert module.weight.item() == value
    return seen


def test_equal_average_is_the_mean_from_its_first_epoch_on() -> None:
    callback, module = EqualAverage(3), Holder()
    callback.on_train_start(SimpleNamespace(global_step=0), module)  # type: ignore[arg-type]
    assert epochs(callback, module, [9.0, 7.0, 1.0, 3.0, 8.0]) == [9.0, 7.0, 1.0, 2.0, 4.0]


def test_equal_average_goes_on_from_its_state() -> None:
    whole, first, second, module = EqualAverage(1), EqualAverage(1), EqualAverage(1), Holder()
    for callback in (whole, first):
        callback.on_train_start(None, module)  # type: ignore[arg-type]
    expected = epochs(whole, module, [4.0, 6.0, 11.0])
    found = epochs(first, module, [4.0, 6.0])
    second.load_state_dict(first.state_dict())
    second.on_train_start(None, module)  # type: ignore[arg-type]
    assert found + epochs(second, module, [11.0]) == expected == [4.0, 5.0, 7.0]


def test_mean_of_several_models_keeps_counters_of_the_first() -> None:
    states = [{"w": torch.tensor([2.0, k]), "n": torch.tensor(int(k))} for k in (1.0, 2.0, 6.0)]
    torch.testing.assert_close(mean_weights(states), {"w": torch.tensor([2.0, 3.0]), "n": torch.tensor(1)})
