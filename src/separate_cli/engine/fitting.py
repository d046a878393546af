"""One training run: from nothing, or from wherever the last attempt was, to the best weights.

System, folder --fit--> Outcome; the best weights are in the model
    folder/resume.ckpt   everything that the next attempt needs
    folder/curves.*      how it went
    folder/samples/      what the best weights make of validation examples
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from separate_cli.data.sampling import EpochBatches
from separate_cli.engine.averaging import EqualAverage, ExponentialAverage, mean_weights
from separate_cli.engine.backend import MixedPrecision, pl
from separate_cli.engine.best import Best, Kept
from separate_cli.engine.board import Board
from separate_cli.engine.cluster import many_devices
from separate_cli.engine.curves import Curves
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.engine.requeue import requeue_signals
from separate_cli.engine.resume import Checkpoints, Resume
from separate_cli.engine.running import Stop, lightning_device, listening, make_profiler, quiet_lightning
from separate_cli.engine.samples import Samples
from separate_cli.engine.sinkpit_beta import SinkPITBetaScheduler
from separate_cli.engine.system import System
from separate_cli.engine.troubles import explained
from separate_cli.progress import SILENT, Progress, ProgressTask

__all__ = ["Outcome", "Plan", "Precision", "fit"]

Precision = Literal["32", "bf16", "16"]
Examples = Sequence[tuple[Tensor, Tensor]]


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
        swa_from_epoch: Validate and keep the mean of the weights at the ends of the epochs from this one on.
        keep_best: How many epochs' weights to keep, the best ones.
        average_best: Try the mean of so many best epochs in the end, and take it if it validates better.
        precision: Of the model: 32 bits, or mixed with bfloat16 or float16.
        seed: Of the model's random numbers (dropout and the like).
        checkpoint_minutes: How much work a kill may cost.
        tensorboard: Whether to write events for TensorBoard.
        compile: Whether ``torch.compile`` makes the model faster first.
        profiler: ``simple``, ``advanced`` or ``pytorch``; writes into the folder ``profile``.
        strategy: How several devices train, see ``cluster.STRATEGIES``.
    """

    epochs: int
    device: torch.device
    patience_epochs: int | None = None
    clip_norm: float | None = None
    accumulate_batches: int = 1
    ema_decay: float | None = None
    swa_from_epoch: int | None = None
    keep_best: int = 1
    average_best: int | None = None
    precision: Precision = "32"
    seed: int = 0
    checkpoint_minutes: float = 5.0
    tensorboard: bool = False
    compile: bool = False
    profiler: str | None = None
    strategy: str = "auto"


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Args:
        epochs: Epochs made in all.
        steps: Batches seen in all.
        best_epoch: When validation was best, counted from 1.
        best_loss: What the weights that are now in the model validate to.
        kept: The best epochs' weights, the very best first.
        averaged: Epochs whose mean is in the model; empty when it is one epoch's weights.
    """

    epochs: int
    steps: int
    best_epoch: int
    best_loss: float
    kept: tuple[Kept, ...] = ()
    averaged: tuple[int, ...] = ()


def fit(
    system: System,
    folder: Path,
    *,
    batches: EpochBatches,
    plan: Plan,
    ranks: Ranks = ALONE,
    samples: Examples = (),
    on_better: Callable[[float, int], None] = lambda loss, epoch: None,
    progress: Progress = SILENT,
) -> Outcome:
    """Train ``system``, going on where ``folder`` says that the last attempt was.

    Args:
        system: Its training loader draws its batches from ``batches``; it has a validation loader. What the data set
            notes about itself (``notes``) is passed on.
        folder: Of the run.
        batches: The training batches, of all processes together.
        plan: How to run.
        ranks: The processes that train together, inside their meeting. Only the leader writes.
        samples: Validation examples to listen to.
        on_better: Called with the best weights so far in the model: validation loss, epoch.
        progress: Shows steps, speed, loss and time left.

    Raises:
        SepError: If the loss or the weights become NaN or infinite, or memory runs out.
        Interrupted: If the user stops the run; everything so far is saved.
        InputError: If the saved state or an example cannot be read.
    """
    run = _Run(system, folder, batches, plan, ranks)
    remaining = run.load()
    for note in getattr(system.train_loader.dataset, "notes", ()):
        progress.tell("notice", note)
    if plan.compile:
        system.model.compile()
    with listening(*requeue_signals()) as stop:
        with progress.task("Training", total=max(0, remaining), unit="steps") as task:
            run.attach(stop, task, progress=progress, samples=samples, on_better=on_better)
            if remaining > 0 and not run.best.is_out_of_patience:
                run.train()
        return run.conclude()


class _Run:
    """The callbacks of a run, the state that they go on from, and the trainers that they are given to."""

    def __init__(self, system: System, folder: Path, batches: EpochBatches, plan: Plan, ranks: Ranks) -> None:
        self.system, self.folder, self.batches, self.plan, self.ranks = system, folder, batches, plan, ranks
        self.saved = folder / "resume.ckpt"
        self.state: dict[str, Any] = {}

    def load(self) -> int:
        """Read the saved state, if there is one; how many batches remain."""
        if self.saved.exists():
            self.state = Checkpoints().load_checkpoint(self.saved)["callbacks"]
        position = self.state.get("Resume", {"epoch": 0, "batch": 0})
        return int((self.plan.epochs - position["epoch"]) * self.batches.per_epoch - position["batch"])

    def attach(
        self,
        stop: Stop,
        task: ProgressTask,
        *,
        progress: Progress,
        samples: Examples,
        on_better: Callable[[float, int], None],
    ) -> None:
        """Make the callbacks and give them their state. Their order matters: see each."""
        plan, leads = self.plan, self.ranks.is_leader
        board = Board(self.folder / "tensorboard" if plan.tensorboard and leads else None)
        self.best = Best(
            n_kept=max(plan.keep_best, plan.average_best or 1),
            patience_epochs=plan.patience_epochs,
            on_better=on_better if leads else lambda loss, epoch: None,
        )
        self.callbacks: list[pl.Callback] = [self.best]
        if samples and leads:
            self.callbacks.append(Samples(self.folder / "samples", samples, best=self.best, board=board))
        if plan.ema_decay is not None:
            self.callbacks.append(ExponentialAverage(plan.ema_decay))
        if plan.swa_from_epoch is not None:
            self.callbacks.append(EqualAverage(plan.swa_from_epoch))
        self.resume = Resume(
            self.batches,
            self.saved,
            seed=plan.seed,
            every_seconds=60 * plan.checkpoint_minutes,
            stop=stop,
            ranks=self.ranks,
        )
        curves = Curves(self.folder if leads else None, task=task, progress=progress, board=board)
        beta = SinkPITBetaScheduler(epoch=lambda: self.resume.epoch)
        self.callbacks += [beta, curves, self.resume]
        for callback in self.callbacks:
            if callback.state_key in self.state:
                callback.load_state_dict(self.state[callback.state_key])

    def train(self) -> None:
        """Run the epochs that remain."""
        trainer = self._trainer(
            max_epochs=self.plan.epochs - self.resume.epoch,
            accumulate_grad_batches=self.plan.accumulate_batches,
            gradient_clip_val=self.plan.clip_norm,
            callbacks=self.callbacks,
            profiler=make_profiler(self.plan.profiler, self.folder / "profile") if self.ranks.is_leader else None,
            # The first epoch of a run that goes on is short; Lightning asks for its length only once unless told.
            reload_dataloaders_every_n_epochs=int(self.resume.batch > 0),
        )
        with quiet_lightning(), explained(self.plan.device, self.ranks, self.plan.precision):
            trainer.fit(self.system, ckpt_path=self.saved if self.state else None)

    def conclude(self) -> Outcome:
        """Put the best weights into the model, or the mean of several where that is better."""
        best, model = self.best, self.system.model
        outcome = Outcome(self.resume.epoch, self.resume.step, best.kept[0].epoch, best.loss, tuple(best.kept))
        chosen = best.kept[: self.plan.average_best or 1]
        if len(chosen) > 1:
            model.load_state_dict(mean_weights([one.weights for one in chosen]))
            loss = self._validate()
            if loss < best.loss:
                return Outcome(**{**vars(outcome), "best_loss": loss, "averaged": tuple(one.epoch for one in chosen)})
        model.load_state_dict(best.kept[0].weights)
        return outcome

    def _validate(self) -> float:
        with quiet_lightning(), explained(self.plan.device, self.ranks, self.plan.precision):
            trainer = self._trainer()
            trainer.validate(self.system, verbose=False)
        return float(trainer.callback_metrics["val_loss"])

    def _trainer(self, **options: Any) -> pl.Trainer:
        plan = self.plan
        place = {**lightning_device(plan.device), **many_devices(self.ranks, plan.strategy)}
        with quiet_lightning():
            return pl.Trainer(
                **place,
                plugins=[Checkpoints(), *_mixed_precision(plan)],
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
                sync_batchnorm=plan.device.type == "cuda" and not self.ranks.is_alone,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                default_root_dir=self.folder,
                **options,
            )


def _mixed_precision(plan: Plan) -> list[MixedPrecision]:
    """Lightning's plugin; by name it would take bfloat16 for float16 on a CPU, and only warn of it."""
    names: dict[Precision, Any] = {"bf16": "bf16-mixed", "16": "16-mixed"}
    return [] if plan.precision == "32" else [MixedPrecision(names[plan.precision], plan.device.type)]
