"""Levels: bring signals to a peak, and estimates to the peak of their mixture, without dividing by silence.

Checked: tests/dsp/test_levels.py (NumPy, silence).
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

__all__ = ["normalize_estimates", "scale_to_peak"]

Wave = TypeVar("Wave", Tensor, np.ndarray[Any, np.dtype[Any]])


def scale_to_peak(wav: Tensor, peak: Tensor | float) -> Tensor:
    """Scale each wave, ``(..., time)``, so that its largest magnitude is ``peak``, ``(...)``; silence stays silent.

    >>> scale_to_peak(torch.tensor([[1.0, -2.0], [0.0, 0.0]]), 0.5)
    tensor([[ 0.2500, -0.5000],
            [ 0.0000,  0.0000]])
    """
    largest = wav.abs().amax(-1, keepdim=True)
    wanted = torch.as_tensor(peak, dtype=wav.dtype, device=wav.device).unsqueeze(-1)
    return wav * torch.where(largest > 0, wanted / torch.where(largest > 0, largest, 1), 0)


def normalize_estimates(estimates: Wave, mixture: Wave) -> Wave:
    """Give every estimate the peak of the mixture, for files and figures; not for measuring.

    Args:
        estimates: ``(..., source, time)``, tensor or NumPy array.
        mixture: ``(..., time)``, or ``(..., channel, time)`` with as many axes as ``estimates``; the same kind.

    Returns:
        As ``estimates``; a silent estimate stays silent.

    >>> normalize_estimates(torch.tensor([[1.0, -2.0], [0.5, 0.0]]), torch.tensor([0.3, -0.8]))
    tensor([[ 0.4000, -0.8000],
            [ 0.8000,  0.0000]])
    """
    waves, whole = torch.as_tensor(estimates), torch.as_tensor(mixture)
    peak = whole.abs().amax(-1, keepdim=whole.ndim < waves.ndim)
    peak = peak if whole.ndim < waves.ndim else peak.amax(-1, keepdim=True)
    scaled = scale_to_peak(waves, peak.expand(waves.shape[:-1]))
    return scaled if isinstance(estimates, Tensor) else scaled.numpy()
