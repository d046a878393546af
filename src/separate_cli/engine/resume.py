"""Going on exactly where a killed run was.

    after a batch, every few minutes --save--> resume.ckpt --kill, start again--> the next batch of the same epoch

What is kept is the state of model, optimizer, schedules, scaler and callbacks, and the position: epoch, batch, step.
The data needs no state, because each example is a function of seed and position (``data.sampling``); nor do the random
numbers of the model, because each step seeds them anew from seed and step. Lightning's own counters are left out: to
it, a resumed run is a new one whose first epoch is short. So the result does not depend on how Lightning restarts in
the middle of an epoch, which differs between its versions.

Checked: tests/engine/test_fitting.py (killed at random steps, final weights equal to the bit).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from separate_cli.data.sampling import EpochBatches
from separate_cli.engine.backend import TorchCheckpointIO, pl
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.engine.requeue import SIGNALS, requeue
from separate_cli.engine.running import Stop
from separate_cli.errors import InputError, Interrupted
from separate_cli.files import atomic_path

__all__ = ["Checkpoints", "Resume"]

_POSITION = ("epoch", "batch", "step")
_SAVE, _STOP, _REQUEUE = 1, 2, 3
"""What a process wishes after a step; the most urgent wish of all is granted."""


class Checkpoints(TorchCheckpointIO):
    """Lightning's checkpoints without its counters, whole or absent, and read without running code."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write ``checkpoint`` to ``path``."""
        kept = {key: value for key, value in checkpoint.items() if key != "loops"}
        with atomic_path(Path(path)) as temporary, temporary.open("wb") as stream:
            torch.save(kept, stream)  # to a stream: a full disk is then an error of the system, not one of torch's own

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = None) -> dict[str, Any]:
        """Read it again.

        Raises:
            InputError: If it cannot be read, or is not what ``Resume`` has saved.
        """
        try:
            with Path(path).open("rb") as stream:
                try:
                    state = torch.load(stream, map_location=map_location, weights_only=True)
                except Exception as error:  # torch raises many kinds for one cause, and advises what would run code
                    raise _useless(Path(path)) from error
        except OSError as error:
            raise InputError(
                f"The saved state {path} cannot be read: {error.strerror or error}.", hint="Check who may read it."
            ) from error
        if not _is_state(state):
            raise _useless(Path(path))
        found: dict[str, Any] = state
        return found


def _is_state(found: object) -> bool:
    """Whether everything is there that a run goes on from."""
    if not isinstance(found, dict) or not found.keys() >= {"state_dict", "optimizer_states", "lr_schedulers"}:
        return False
    callbacks = found.get("callbacks")
    position = callbacks.get("Resume") if isinstance(callbacks, dict) else None
    return isinstance(position, dict) and all(isinstance(position.get(name), int) for name in _POSITION)


def _useless(path: Path) -> InputError:
    """What is wrong with a saved state, and what can be done: nothing to go on from, but there may be weights."""
    kept = sorted(path.parent.glob("*.safetensors"))
    hint = f"{kept[0]} holds the best weights so far: copy it if you want to use it. " if kept else ""
    return InputError(f"{path} is damaged, or no saved state.", hint=f"{hint}--fresh trains anew.")


class Resume(pl.Callback):
    """Knows the position, saves it with all state, and seeds every step. Comes last among the callbacks.

    Args:
        batches: The training batches; told where to begin.
        path: Where the state is saved.
        seed: Of the model's random numbers.
        every_seconds: How much work a kill may cost.
        stop: Asked after each step; saves and ends the run when it is set.
        ranks: The processes that train; they save and stop after the same step.

    Attributes:
        epoch: Finished epochs.
        batch: Finished batches of the epoch.
        step: Finished batches in all.
    """

    def __init__(
        self,
        batches: EpochBatches,
        path: Path,
        *,
        seed: int,
        every_seconds: float,
        stop: Stop | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        self.batches, self.path, self.seed = batches, path, seed
        self.every_seconds, self.ranks = every_seconds, ranks
        self.stop = Stop(()) if stop is None else stop
        self.epoch = self.batch = self.step = 0
        self._saved = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the signals back from Lightning, whose own handlers talk to the other processes at any moment."""
        self.stop.listen()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Make the random numbers of this step a function of seed and step, whatever came before."""
        place = (self.step, self.ranks.rank) if self.ranks.rank else (self.step,)
        torch.manual_seed(int(np.random.SeedSequence(self.seed, spawn_key=place).generate_state(1)[0]))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count, and save if it is time. The last batch of an epoch is saved after validation instead."""
        self.batch += 1
        self.step += 1
        if self.batch < self.batches.per_epoch and self.batch % trainer.accumulate_grad_batches == 0:
            self._save_if_due(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Turn to the next epoch."""
        self.epoch, self.batch = self.epoch + 1, 0
        self.batches.epoch, self.batches.start = self.epoch, 0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save if it is time: only now have all schedules taken their step for the last epoch."""
        self._save_if_due(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save, so that a raised budget goes on from here."""
        self._save(trainer, pl_module)

    def state_dict(self) -> dict[str, int]:
        """The position."""
        return {"epoch": self.epoch, "batch": self.batch, "step": self.step}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Take up a position, and tell the batches."""
        self.epoch, self.batch, self.step = state_dict["epoch"], state_dict["batch"], state_dict["step"]
        self.batches.epoch, self.batches.start = self.epoch, self.batch

    def _save_if_due(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        is_due = time.monotonic() - self._saved >= self.every_seconds
        wish = _REQUEUE if self.stop.number in SIGNALS else _STOP if self.stop else _SAVE if is_due else 0
        agreed = self.ranks.highest(wish)
        if agreed:
            self._save(trainer, module)
        if agreed >= _STOP:
            hint = "The same command goes on from here."
            if agreed == _REQUEUE and self.ranks.is_leader:
                hint = requeue()
            self.stop.answer()
            raise Interrupted(f"Stopped in epoch {self.epoch + 1} after {self.step} steps.", hint=hint)

    def _save(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not all(bool(weight.isfinite().all()) for weight in module.parameters()):
            raise FloatingPointError(f"the weights are NaN or infinite after step {self.step}")
        trainer.save_checkpoint(self.path)
        self._saved = time.monotonic()
