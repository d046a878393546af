"""How a training goes: a live bar, a line an epoch, a table and a picture of the losses, TensorBoard.

    each step --> bar, TensorBoard        each epoch --> line, curves.csv, curves.png

The rows are part of the saved state, and the files are written from them: a resumed run has no gap and no echo.
"""

from __future__ import annotations

import csv
import io
import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from separate_cli.engine.backend import pl
from separate_cli.engine.board import Board
from separate_cli.files import atomic_path, write_text
from separate_cli.progress import Progress, ProgressTask
from separate_cli.report.amounts import duration

__all__ = ["Curves", "plot_curves"]

COLUMNS = ("epoch", "step", "loss", "val_loss", "learning_rate", "seconds")
_PLOT_EVERY_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.5
_LOOK_EVERY_STEPS = 25


class Curves(pl.Callback):
    """Collects one row an epoch, and shows where the run is.

    Args:
        folder: Where ``curves.csv`` and ``curves.png`` go; None: nowhere.
        task: The running bar, in steps.
        progress: Told of every epoch.
        board: TensorBoard's events.

    Attributes:
        rows: One an epoch, see ``COLUMNS``.
        step: Batches in all.
    """

    def __init__(self, folder: Path | None, *, task: ProgressTask, progress: Progress, board: Board) -> None:
        self.folder, self.task, self.progress, self.board = folder, task, progress, board
        self.rows: list[dict[str, float]] = []
        self.step = 0
        self._sum, self._count = torch.zeros((), dtype=torch.float64), 0
        self._began = self._looked = self._plotted = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the event file."""
        self._began = time.monotonic()
        self._sum = self._sum.to(pl_module.device, torch.float64 if pl_module.device.type != "mps" else torch.float32)
        self.board.open(self.step)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add up the loss; look at it now and then only, because looking waits for the device."""
        loss: Tensor = outputs["loss"].detach() * trainer.accumulate_grad_batches  # Lightning has divided by it
        if trainer.world_size > 1:
            loss = trainer.strategy.reduce(loss.clone(), reduce_op="mean")
        self._sum += loss
        self._count += 1
        self.step += 1
        self.task.advance()
        on_cpu = pl_module.device.type == "cpu"
        if on_cpu or self.step % _LOOK_EVERY_STEPS == 0:
            self._look(float(loss), trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the row of the epoch and write the files."""
        row = {
            "epoch": len(self.rows) + 1,
            "step": self.step,
            "loss": float(self._sum) / self._count,
            "val_loss": float(trainer.callback_metrics["val_loss"]),
            "learning_rate": _learning_rate(trainer),
            "seconds": round(time.monotonic() - self._began, 3),
        }
        self.progress.tell("epoch", self._sentence(row), **row)
        self.rows.append(row)
        self._sum, self._count, self._began = torch.zeros_like(self._sum), 0, time.monotonic()
        for name in ("loss", "val_loss", "learning_rate"):
            self.board.number(f"epoch/{name}", row[name], self.step)
        if self.folder is not None:
            write_text(self.folder / "curves.csv", to_csv(self.rows))
            if time.monotonic() - self._plotted > _PLOT_EVERY_SECONDS:
                self._plot()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw the whole course."""
        self._plot()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Close the event file, also after an error."""
        self.board.close()

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {"rows": self.rows, "step": self.step, "sum": self._sum.cpu(), "count": self._count}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.rows, self.step = state_dict["rows"], state_dict["step"]
        self._sum, self._count = state_dict["sum"], state_dict["count"]

    def _look(self, loss: float, trainer: pl.Trainer) -> None:
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {self.step}")
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_SECONDS:
            return
        self._looked = now
        best = f", best {min(row['val_loss'] for row in self.rows):.4g}" if self.rows else ""
        self.task.describe(f"epoch {len(self.rows) + 1}, loss {float(self._sum) / self._count:.4g}{best}")
        self.board.number("step/loss", loss, self.step)
        self.board.number("step/learning_rate", _learning_rate(trainer), self.step)

    def _sentence(self, row: dict[str, float]) -> str:
        best = min((one["val_loss"] for one in self.rows), default=math.inf)
        gain = " (best)" if row["val_loss"] < best else f" (best {best:.4g})"
        return (
            f"epoch {row['epoch']}: loss {row['loss']:.4g}, val_loss {row['val_loss']:.4g}{gain}, "
            f"rate {row['learning_rate']:.3g}, {duration(row['seconds'])}"
        )

    def _plot(self) -> None:
        if self.rows and self.folder is not None:
            plot_curves(self.rows, self.folder / "curves.png")
        self._plotted = time.monotonic()


def to_csv(rows: list[dict[str, float]]) -> str:
    """Rows as CSV text with a header."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def plot_curves(rows: list[dict[str, float]], path: Path) -> None:
    """Draw training and validation loss over the epochs, the best one marked, as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    epochs = [row["epoch"] for row in rows]
    axes.plot(epochs, [row["loss"] for row in rows], label="training")
    axes.plot(epochs, [row["val_loss"] for row in rows], label="validation")
    best = min(rows, key=lambda row: row["val_loss"])
    axes.plot(best["epoch"], best["val_loss"], "o", label=f"best: {best['val_loss']:.4g}, epoch {best['epoch']:g}")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _learning_rate(trainer: pl.Trainer) -> float:
    return float(trainer.optimizers[0].param_groups[0]["lr"])
