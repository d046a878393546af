"""A training that takes milliseconds: a small network with dropout learns to reverse vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from separate_cli.data.sampling import Draw, EpochBatches, example_rng
from separate_cli.engine.fitting import Outcome, Plan, fit
from separate_cli.engine.loading import Share, ValidationShare, make_loader
from separate_cli.engine.optimizers import make_optimizer
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.engine.schedulers import make_schedules
from separate_cli.engine.system import System
from separate_cli.specs.optimize import PlateauRate, ScheduleSpec

N_EXAMPLES, BATCH = 21, 4  # five batches an epoch
PLATEAU = PlateauRate(warmup_steps=3, patience_epochs=1)


class Reversals(Dataset[tuple[Tensor, Tensor]]):
    """Random vectors and their mirror images; calls ``on_example`` before each."""

    def __init__(self, seed: int, on_example: Callable[[Draw], None] = lambda draw: None) -> None:
        self.seed, self.on_example = seed, on_example

    def __getitem__(self, draw: Draw) -> tuple[Tensor, Tensor]:
        self.on_example(draw)
        rng = example_rng(self.seed, draw.epoch, draw.example)
        vector = torch.from_numpy(rng.standard_normal(8).astype("float32"))
        return vector, vector.flip(0)


def run_toy(
    folder: Path,
    *,
    schedule: ScheduleSpec = PLATEAU,
    on_example: Callable[[Draw], None] = lambda draw: None,
    loss: Callable[..., Tensor] = nn.functional.mse_loss,
    workers: int = 0,
    optimizer: str = "adam",
    fused: bool = True,
    ranks: Ranks = ALONE,
    dropout: float = 0.2,
    **plan: Any,
) -> tuple[Outcome, System]:
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(dropout), nn.Tanh(), nn.Linear(16, 8))
    optimizer = make_optimizer(model.parameters(), optimizer, lr=0.02, **({"fused": True} if fused else {}))
    batches = EpochBatches(N_EXAMPLES, BATCH, seed=1)
    plan = {"epochs": 3, "device": torch.device("cpu"), "checkpoint_minutes": 1e-9, "seed": 5, **plan}
    system = System(
        model,
        optimizer,
        loss,
        make_loader(Reversals(0, on_example), batches if ranks.is_alone else Share(batches, ranks), workers=workers),
        make_loader(
            Reversals(9),
            EpochBatches(6, BATCH, seed=0, shuffle=False, drop_last=False)
            if ranks.is_alone
            else ValidationShare(6, BATCH, ranks),
        ),
        make_schedules(
            schedule, optimizer, total_steps=plan["epochs"] * batches.per_epoch, steps_per_epoch=batches.per_epoch
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with ranks.meeting("cpu"):
        return fit(system, folder, batches=batches, plan=Plan(**plan), ranks=ranks), system


@pytest.fixture(scope="session")
def toy() -> Callable[..., tuple[Outcome, System]]:
    return run_toy
