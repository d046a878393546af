"""What a model makes of a few validation examples: sound and spectrograms, in the run's folder and in TensorBoard.

mixture (time) --separate--> estimates (source, time) --in the order of the references--> NN_*.wav, NN.png
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.audio.writer import write_audio
from separate_cli.engine.backend import pl
from separate_cli.engine.best import Best
from separate_cli.engine.board import Board
from separate_cli.losses import PITReorder, pairwise_neg_sisdr
from separate_cli.models.base import Separator
from separate_cli.report.spectrogram import save_spectrograms

__all__ = ["Samples", "write_samples"]

Wave = NDArray[np.float32]

_EVERY_SECONDS = 300.0


class Samples(pl.Callback):
    """Writes samples when the weights are the best so far, at most every five minutes.

    Comes after the callback that keeps the best weights.

    Args:
        folder: Where files go.
        examples: Pairs of mixture ``(time)`` or ``(channel, time)`` and references ``(source, time)``.
        best: Knows whether the weights are the best.
        board: TensorBoard's events.
    """

    def __init__(self, folder: Path, examples: Sequence[tuple[Tensor, Tensor]], *, best: Best, board: Board) -> None:
        self.folder, self.examples, self.best, self.board = folder, examples, best, board
        self._written = -_EVERY_SECONDS

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write, if it is time."""
        model = pl_module.model
        due = self.best.waited == 0 and time.monotonic() - self._written >= _EVERY_SECONDS
        if due and isinstance(model, Separator):
            write_samples(model, self.examples, self.folder, board=self.board, step=self.best.epoch)
            self._written = time.monotonic()


def write_samples(
    model: Separator,
    examples: Sequence[tuple[Any, Tensor]],
    folder: Path,
    *,
    board: Board | None = None,
    step: int = 0,
) -> None:
    """Separate ``examples`` and write, for each, every wave and a picture of all.

    Args:
        model: Separates.
        examples: Pairs of mixture ``(time)`` or ``(channel, time)`` and references ``(source, time)`` or
            ``(source, channel, time)``; first channels are written. Of other kinds, nothing is.
        folder: Where to.
        board: Also TensorBoard's events.
        step: Where these stand in TensorBoard.

    Raises:
        OutputError: If a file cannot be written.
    """
    rate = round(model.sample_rate)
    for number, (mixture, references) in enumerate(examples, start=1):
        if not isinstance(mixture, Tensor):
            continue
        waves = _waves(model, mixture, references)
        for name, wave in waves.items():
            write_audio(folder / f"{number:02}_{name}.wav", wave[None], sample_rate=rate)
            if board is not None:
                board.sound(f"{number:02}/{name}", wave, step, sample_rate=rate)
        picture = folder / f"{number:02}.png"
        save_spectrograms(picture, waves, sample_rate=rate)
        if board is not None:
            board.picture(f"{number:02}", picture, step)


def _waves(model: Separator, mixture: Tensor, references: Tensor) -> dict[str, Wave]:
    """Name → wave: the mixture, each estimate, each reference."""
    batch = mixture if mixture.ndim == 1 else mixture[None]
    estimates = model.separate(batch).reshape(model.n_sources, -1, mixture.shape[-1])[:, 0]  # (source, time)
    references = references.reshape(len(references), -1, references.shape[-1])[:, 0]
    if len(estimates) == len(references) > 1 and model.source_names is None:
        order = PITReorder(pairwise_neg_sisdr)
        estimates = order(estimates[None], references[None])[0]
    names = model.source_names or tuple(f"s{k + 1}" for k in range(len(estimates)))
    found = {"mixture": mixture.reshape(-1, mixture.shape[-1])[0]}
    found |= {f"{name}_estimate": wave for name, wave in zip(names, estimates, strict=True)}
    found |= {f"{name}_reference": wave for name, wave in zip(names, references, strict=False)}
    with torch.no_grad():
        return {name: wave.float().cpu().numpy() for name, wave in found.items()}
