"""How a training went: a table and a picture of the losses, TensorBoard, and a live bar.

    each step --> bar, TensorBoard        each epoch --> curves.csv, curves.png

The rows are part of the saved state, and the files are written from them: a resumed run has no gap and no echo.
"""

from __future__ import annotations

import csv
import io
import math
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

from separate_cli.files import atomic_path, write_text
from separate_cli.progress import ProgressTask

__all__ = ["Curves", "plot_curves"]

COLUMNS = ("epoch", "step", "loss", "val_loss", "learning_rate", "seconds")
_PLOT_EVERY_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.5
_LOOK_EVERY_STEPS = 25


class Curves(pl.Callback):
    """Collects one row an epoch, and shows where the run is.

    Args:
        folder: Where ``curves.csv``, ``curves.png`` and ``tensorboard/`` go.
        task: The running bar, in steps.
        tensorboard: Whether to write events for TensorBoard.

    Attributes:
        rows: One an epoch, see ``COLUMNS``.
    """

    def __init__(self, folder: Path, *, task: ProgressTask, tensorboard: bool) -> None:
        self.folder, self.task, self.tensorboard = folder, task, tensorboard
        self.rows: list[dict[str, float]] = []
        self.step = 0
        self._sum, self._count = torch.zeros((), dtype=torch.float64), 0
        self._writer: Any = None
        self._began = self._looked = self._plotted = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the event file. What an earlier attempt wrote beyond the saved step is hidden."""
        self._began = time.monotonic()
        self._sum = self._sum.to(pl_module.device, torch.float64 if pl_module.device.type != "mps" else torch.float32)
        if self.tensorboard:
            from tensorboardX import SummaryWriter

            self._writer = SummaryWriter(str(self.folder / "tensorboard"), purge_step=self.step)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add up the loss; look at it now and then only, because looking waits for the device."""
        self._sum += outputs["loss"].detach()
        self._count += 1
        self.step += 1
        self.task.advance()
        on_cpu = pl_module.device.type == "cpu"
        if on_cpu or self.step % _LOOK_EVERY_STEPS == 0:
            self._look(float(outputs["loss"]), trainer)

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
        self.rows.append(row)
        self._sum, self._count, self._began = torch.zeros_like(self._sum), 0, time.monotonic()
        if self._writer is not None:
            for name in ("loss", "val_loss", "learning_rate"):
                self._writer.add_scalar(f"epoch/{name}", row[name], self.step)
        write_text(self.folder / "curves.csv", to_csv(self.rows))
        if time.monotonic() - self._plotted > _PLOT_EVERY_SECONDS:
            self._plot()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw the whole course."""
        self._plot()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Close the event file, also after an error."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

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
        if self._writer is not None:
            self._writer.add_scalar("step/loss", loss, self.step)
            self._writer.add_scalar("step/learning_rate", _learning_rate(trainer), self.step)

    def _plot(self) -> None:
        if self.rows:
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
