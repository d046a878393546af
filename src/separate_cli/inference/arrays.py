"""One recording in memory through one model: in one piece, or in chunks where it is long.

    (channel, time) --model.separate | separate_stream, Tally--> (source, output channel, time)

Checked: tests/inference/test_arrays.py (chunked = whole, levels, channels).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from separate_cli.inference.chunks import runner, separate_stream
from separate_cli.inference.tally import Tally
from separate_cli.models.base import Separator

__all__ = ["WHOLE_SECONDS", "separate_array"]

Wave = NDArray[np.float32]

WHOLE_SECONDS = 60.0
"""Recordings up to this length are separated in one piece."""


def separate_array(model: Separator, mixture: Wave, *, whole_seconds: float = WHOLE_SECONDS) -> Wave:
    """Separate a recording.

    Args:
        model: Where it is to run.
        mixture: ``(channel, time)`` at the model's rate, with as many channels as the model takes.
        whole_seconds: Longer recordings go through the model in chunks, with the memory of a chunk.

    Returns:
        ``(source, output channel, time)``, at the level that ``model.separate`` gives.

    Raises:
        ValueError: If the number of channels is not the model's.

    >>> from separate_cli.models.demask import DeMask
    >>> separate_array(DeMask(hidden_dims=[8]), np.zeros((1, 1000), np.float32)).shape
    (1, 1, 1000)
    """
    if model.in_channels not in {None, mixture.shape[0]}:
        raise ValueError(f"Expected {model.in_channels} channel(s), got {mixture.shape[0]}.")
    mixture = np.require(mixture, np.float32, ["C", "W"])  # what was read into a buffer may be read-only
    if mixture.shape[-1] <= whole_seconds * model.sample_rate:
        estimates: Wave = model.separate(mixture[np.newaxis])[0]
        return estimates if estimates.ndim == 3 else estimates[:, np.newaxis]
    tally = Tally(model, channels=model.out_channels)
    training = model.training
    try:
        blocks = separate_stream(model.eval(), [tally.mixture(torch.from_numpy(mixture[np.newaxis]))], runner(model))
        rows = torch.cat([tally.estimates(block) for block in blocks], -1).flatten(0, 1).numpy()
    finally:
        model.train(training)
    separated: Wave = (rows[tally.rows()] * tally.levels()[:, np.newaxis, np.newaxis]).swapaxes(0, 1)
    return separated
