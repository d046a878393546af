"""Kill a training several times, then let it finish; print what killed it and the weights it ends with.

Run by test_fitting.py. Processes are forked where that is possible, because importing takes longer than training.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
from conftest import run_toy  # noqa: I001  the folder has to be on the path first

from separate_cli.specs.optimize import DPTNetRate

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"ema_decay": 0.9},
    "everything": {
        "workers": 2,
        "accumulate_batches": 2,
        "clip_norm": 0.1,
        "ema_decay": 0.9,
        "precision": "bf16",
        "schedule": DPTNetRate(warmup_steps=5, exp_max=0.01),
        "keep_best": 3,
        "average_best": 2,
    },
}
DEATHS = {"plain": (0, 1, 5, 9, 3), "everything": (2, 6, 3)}
"""After how many losses of an attempt the process is killed."""


def train(variant: str, folder: Path, death: int | None) -> None:
    left = iter(range(-1 if death is None else death, -1, -1))

    def loss(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        if death is not None and next(left) == 0:
            os.kill(os.getpid(), 9)
        return torch.nn.functional.mse_loss(estimates, references)

    _, system = run_toy(folder, loss=loss, **VARIANTS[variant])
    weights = b"".join(value.numpy().tobytes() for value in system.model.state_dict().values())
    (folder / "hash").write_text(hashlib.sha256(weights).hexdigest())


def attempt(variant: str, folder: Path, death: int | None) -> int:
    """Train in a process of its own; which signal ended it, or 0."""
    if not hasattr(os, "fork"):
        command = [
            sys.executable,
            __file__,
            str(folder.parent),
            variant,
            folder.name,
            "" if death is None else str(death),
        ]
        return subprocess.run(command, check=False).returncode
    child = os.fork()
    if child == 0:
        train(variant, folder, death)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * -1


def report(variant: str, root: Path) -> dict[str, Any]:
    killed, whole = (root / f"{variant} {name}" for name in ("killed", "whole"))
    signals = [attempt(variant, killed, death) for death in DEATHS[variant]]
    if attempt(variant, killed, None) or attempt(variant, whole, None):
        sys.exit("The training itself has failed.")
    return {
        "signals": signals,
        "weights": (killed / "hash").read_text(),
        "uninterrupted": (whole / "hash").read_text(),
        "curves": [_without_seconds(folder) for folder in (killed, whole)],
    }


def _without_seconds(folder: Path) -> list[str]:
    return [line.rpartition(",")[0] for line in (folder / "curves.csv").read_text().splitlines()]


if __name__ == "__main__":
    root = Path(sys.argv[1])
    if len(sys.argv) > 2:
        train(sys.argv[2], root / sys.argv[3], int(sys.argv[4]) if sys.argv[4] else None)
        sys.exit()
    print(json.dumps({variant: report(variant, root) for variant in VARIANTS}))
