"""``System`` works with nothing but a plain Lightning trainer, as Asteroid's users know it."""

from __future__ import annotations

from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, TensorDataset

from separate_cli.engine import BaseScheduler
from separate_cli.engine.running import quiet_lightning
from separate_cli.engine.system import System


def make(scheduler: object = None, **options: object) -> System:
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    vectors = torch.randn(12, 4)
    loader = DataLoader(TensorDataset(vectors, vectors[:, :2] * 2), batch_size=4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    chosen = scheduler(optimizer) if callable(scheduler) else scheduler
    return System(model, optimizer, nn.functional.mse_loss, loader, loader, chosen, **options)  # type: ignore[arg-type]


def trainer(folder: Path, epochs: int) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, default_root_dir=folder, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip


def test_a_plain_trainer_does_what_a_loop_by_hand_does(tmp_path: Path) -> None:
    system, hand = make(), make()
    with quiet_lightning():
        trainer(tmp_path, 2).fit(system)
    for _ in range(2):
        for vectors, wanted in hand.train_loader:
            hand.optimizer.zero_grad()
            nn.functional.mse_loss(hand.model(vectors), wanted).backward()
            hand.optimizer.step()
    for found, expected in zip(system.model.parameters(), hand.model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_loss_and_val_loss_are_logged_and_the_config_is_kept(tmp_path: Path) -> None:
    system = make(config={"task": "sep_clean"})
    with quiet_lightning():
        run = trainer(tmp_path, 1)
        run.fit(system)
        run.save_checkpoint(tmp_path / "last.ckpt")
    assert {"loss", "val_loss"} <= run.callback_metrics.keys()
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["training_config"] == {"task": "sep_clean"}


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        (None, []),
        (lambda optimizer: StepLR(optimizer, 1), [("epoch", None)]),
        (ReduceLROnPlateau, [("epoch", "val_loss")]),
        (lambda optimizer: {"scheduler": StepLR(optimizer, 1), "interval": "batch"}, [("step", None)]),
        (
            lambda optimizer: [StepLR(optimizer, 1), {"scheduler": StepLR(optimizer, 9), "interval": "step"}],
            [("epoch", None), ("step", None)],
        ),
    ],
)
def test_schedules_are_taken_in_every_form(scheduler: object, expected: list[tuple[str, str | None]]) -> None:
    _, schedules = make(scheduler).configure_optimizers()
    assert [(item["interval"], item.get("monitor")) for item in schedules] == expected


def test_a_schedule_in_asteroids_form_is_stepped_by_the_trainer(tmp_path: Path) -> None:
    class Root(BaseScheduler):
        def _get_lr(self) -> float:
            return float(self.step_num**-0.5)

    system = make(lambda optimizer: {"scheduler": Root(optimizer), "interval": "step"})
    with quiet_lightning():
        trainer(tmp_path, 2).fit(system)
    assert system.optimizer.param_groups[0]["lr"] == 6**-0.5


def test_an_unknown_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="step, batch or epoch, got 'week'"):
        make(lambda optimizer: {"scheduler": StepLR(optimizer, 1), "interval": "week"})


def test_a_loss_an_item_is_averaged() -> None:
    system = make()
    system.loss_func = lambda estimates, references: torch.tensor([1.0, 2.0, 6.0])
    assert system.common_step(next(iter(system.train_loader)), 0) == 3.0


def test_public_names_are_what_they_say() -> None:
    from separate_cli import engine

    assert engine.System is System
    assert set(engine.__all__) <= set(dir(engine))
    for name in engine.__all__:
        assert getattr(engine, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Sistem'"):
        engine.Sistem  # noqa: B018
