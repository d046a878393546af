"""One training run: from nothing, or from wherever the last attempt was, to the best weights.

System, folder --fit--> Outcome; the best weights are in the model
    folder/resume.ckpt   everything that the next attempt needs
    folder/curves.*      how it went
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning.pytorch as pl
import torch

from separate_cli.data.sampling import EpochBatches
from separate_cli.engine.averaging import AveragedWeights
from separate_cli.engine.best import Best
from separate_cli.engine.curves import Curves
from separate_cli.engine.loading import without_workers_trace
from separate_cli.engine.resume import Checkpoints, Resume
from separate_cli.engine.running import lightning_device, listening, quiet_lightning
from separate_cli.engine.system import System
from separate_cli.errors import Interrupted, SepError
from separate_cli.progress import SILENT, Progress

__all__ = ["Outcome", "Plan", "fit"]

Precision = Literal["32", "bf16", "16"]
_PRECISIONS: dict[Precision, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


@dataclass(frozen=True)
class Plan:
    """How to run.

    Args:
        epochs: When to end at the latest.
        device: Where to run.
        patience_epochs: End after so many epochs without improvement; None: never.
        clip_norm: Largest norm of the gradient; None: no limit.
        accumulate_batches: Batches whose gradients are added up before a step.
        ema_decay: Memory of the average that is validated and kept; None: the weights themselves.
        precision: Of the model: 32 bits, or mixed with bfloat16 or float16.
        seed: Of the model's random numbers (dropout and the like).
        checkpoint_minutes: How much work a kill may cost.
        tensorboard: Whether to write events for TensorBoard.
    """

    epochs: int
    device: torch.device
    patience_epochs: int | None = None
    clip_norm: float | None = None
    accumulate_batches: int = 1
    ema_decay: float | None = None
    precision: Precision = "32"
    seed: int = 0
    checkpoint_minutes: float = 5.0
    tensorboard: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Args:
        epochs: Epochs made in all.
        steps: Batches seen in all.
        best_epoch: When validation was best, counted from 1.
        best_loss: What it was.
    """

    epochs: int
    steps: int
    best_epoch: int
    best_loss: float


def fit(
    system: System,
    folder: Path,
    *,
    batches: EpochBatches,
    plan: Plan,
    on_better: Callable[[], None] = lambda: None,
    progress: Progress = SILENT,
) -> Outcome:
    """Train ``system``, going on where ``folder`` says that the last attempt was.

    Args:
        system: Its training loader draws its batches from ``batches``; it has a validation loader.
        folder: Of the run.
        batches: The training batches.
        plan: How to run.
        on_better: Called with the best weights so far in the model.
        progress: Shows steps, speed, loss and time left.

    Raises:
        SepError: If the loss or the weights become NaN or infinite, or memory runs out.
        Interrupted: If the user stops the run; everything so far is saved.
        InputError: If the saved state or an example cannot be read.
    """
    saved = folder / "resume.ckpt"
    state = Checkpoints().load_checkpoint(saved)["callbacks"] if saved.exists() else {}
    position = state.get("Resume", {"epoch": 0, "batch": 0})
    remaining = (plan.epochs - position["epoch"]) * batches.per_epoch - position["batch"]
    with listening() as is_stopping, progress.task("Training", total=max(0, remaining), unit="steps") as task:
        best = Best(patience_epochs=plan.patience_epochs, on_better=on_better)
        curves = Curves(folder, task=task, tensorboard=plan.tensorboard)
        resume = Resume(
            batches, saved, seed=plan.seed, every_seconds=60 * plan.checkpoint_minutes, is_stopping=is_stopping
        )
        averaging = [AveragedWeights(plan.ema_decay)] if plan.ema_decay is not None else []
        callbacks: list[pl.Callback] = [best, *averaging, curves, resume]
        for callback in callbacks if state else ():
            callback.load_state_dict(state[callback.state_key])
        if remaining > 0 and not best.is_out_of_patience:
            _run(system, callbacks, plan, resume=resume, ckpt_path=saved if state else None)
    system.model.load_state_dict(best.weights)
    return Outcome(resume.epoch, resume.step, best.epoch, best.loss)


def _run(system: System, callbacks: list[pl.Callback], plan: Plan, *, resume: Resume, ckpt_path: Path | None) -> None:
    try:
        with quiet_lightning():
            trainer = pl.Trainer(
                **lightning_device(plan.device),
                precision=_PRECISIONS[plan.precision],
                max_epochs=plan.epochs - resume.epoch,
                accumulate_grad_batches=plan.accumulate_batches,
                gradient_clip_val=plan.clip_norm,
                callbacks=callbacks,
                plugins=[Checkpoints()],
                # The first epoch of a run that goes on is short; Lightning asks for its length only once unless told.
                reload_dataloaders_every_n_epochs=int(resume.batch > 0),
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                default_root_dir=resume.path.parent,
            )
            trainer.fit(system, ckpt_path=ckpt_path)
    except FloatingPointError as error:
        raise SepError(
            f"Training has diverged: {error}.",
            hint="Lower train.optimizer.lr or train.clip_norm, or set train.precision=32, then train again.",
        ) from error
    except torch.cuda.OutOfMemoryError as error:
        raise SepError(
            f"{plan.device} has run out of memory.",
            hint="Lower train.batch_size and raise train.accumulate_batches, or set train.precision=bf16.",
        ) from error
    except SepError as error:
        raise without_workers_trace(error) from error
    except SystemExit as error:  # Lightning's answer to a second Ctrl-C
        raise Interrupted("Interrupted.", hint="The same command goes on from the last saved state.") from error
