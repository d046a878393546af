"""Train with one process, with two, and with two that are killed and go on; print what each ends with.

Run by test_many.py. All processes are forked from this one, because importing takes longer than training.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).parent))
from conftest import run_toy  # noqa: I001  the folder has to be on the path first

from separate_cli.engine.launching import free_port
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.engine.running import quiet_lightning
from separate_cli.engine.system import System
from separate_cli.specs.optimize import NoamRate

OPTIONS: dict[str, Any] = {
    "dropout": 0.0,
    "ema_decay": 0.9,
    "accumulate_batches": 2,
    "clip_norm": 0.5,
    "schedule": NoamRate(d_model=64, warmup_steps=6),
}


def train(folder: Path, ranks: Ranks, death: int | None = None) -> None:
    """Train; the leader is killed when it has computed so many losses, and writes what it ends with."""
    left = iter(range(-1 if death is None else death, -1, -1))

    def loss(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        if death is not None and ranks.is_leader and next(left) == 0:
            os.kill(os.getpid(), 9)
        return nn.functional.mse_loss(estimates, references)

    outcome, system = run_toy(folder, ranks=ranks, loss=loss, **OPTIONS)
    if ranks.is_leader:
        weights = {name: value.flatten().tolist() for name, value in system.model.state_dict().items()}
        (folder / "end.json").write_text(json.dumps({"loss": outcome.best_loss, "weights": weights}))


def in_processes(*works: Callable[[], None]) -> list[int]:
    """Run each in a process of its own; how each ended, signals as negative numbers."""
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            try:
                work()
            except RuntimeError:
                os._exit(1)  # the other process is gone
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def pair(folder: Path, death: int | None = None) -> list[int]:
    port = free_port()
    places = [Ranks(rank, 2, rank, 2, port=port, call=1) for rank in (0, 1)]
    return in_processes(*(lambda place=place: train(folder, place, death) for place in places))


def read(folder: Path) -> dict[str, Any]:
    end = json.loads((folder / "end.json").read_text())
    curves = [line.split(",")[:-1] for line in (folder / "curves.csv").read_text().splitlines()[1:]]
    return {**end, "curves": [[float(value) for value in row] for row in curves]}


def plain_trainer(devices: int) -> float:
    """Validation loss of a ``System`` that a user gives to Lightning, which forks and shares the batches itself."""
    torch.manual_seed(0)
    vectors = torch.randn(12, 4)
    loader = DataLoader(TensorDataset(vectors, vectors[:, :2]), batch_size=len(vectors) // devices)
    model = nn.Linear(4, 2)
    system = System(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.functional.mse_loss, loader, loader)
    with quiet_lightning():
        trainer = pl.Trainer(
            max_epochs=2, accelerator="cpu", devices=devices, strategy="ddp_fork" if devices > 1 else "auto",
            logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        )  # fmt: skip
        trainer.fit(system)
    return float(trainer.callback_metrics["val_loss"])


if __name__ == "__main__":
    root = Path(sys.argv[1])
    torch.set_num_threads(1)
    report: dict[str, Any] = {"deaths": [pair(root / "killed", death) for death in (4, 9, 3)]}
    report["ends"] = [in_processes(lambda: train(root / "one", ALONE)), pair(root / "two"), pair(root / "killed")]
    report |= {name: read(root / name) for name in ("one", "two", "killed")}
    report["plain"] = [plain_trainer(devices) for devices in (2, 1)]
    print(json.dumps(report))
