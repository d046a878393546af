"""The mean of the last frames: a memory of fixed length, so that chunks with that much context give exact results.

    (batch, feature, frame) --mean over frames max(0, t - n) .. t--> (batch, feature, frame)

Checked: tests/layers/test_trailing_mean.py (NumPy loop, chunks = whole).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["TrailingMean"]


def _window_sum(x: Tensor, window: int, time: int) -> Tensor:
    """``y[..., t] = sum(x[..., t : t + window])`` for the first ``time`` frames, in about ``2 log2(window)`` additions.

    Sums of 1, 2, 4, ... frames are each made of two halves; the window is put together from those of its binary digits.
    A difference of running sums would be shorter, but its error grows with the length of the file.
    """
    total: Tensor | None = None
    start, width, sums = 0, 1, x
    while True:
        if window & width:
            part = sums[..., start : start + time]
            total = part if total is None else total + part
            start += width
        if window < 2 * width and total is not None:
            return total
        sums = sums[..., width:] + sums[..., :-width]
        width *= 2


class TrailingMean(nn.Module):
    """Average each feature over the current frame and up to ``frames`` before it.

    At the start, where fewer frames exist, the mean is over those that do. There are no weights.

    Args:
        frames: How many frames before the current one count, at least 1.

    >>> TrailingMean(1)(torch.tensor([[[2.0, 4.0, 0.0]]]))
    tensor([[[2., 3., 2.]]])
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        if frames < 1:
            raise ValueError(f"Expected at least one frame, got {frames}.")
        self.frames = frames

    def forward(self, x: Tensor) -> Tensor:
        """Average ``(batch, feature, frame)``; same shape."""
        window, time = self.frames + 1, x.shape[-1]
        existing = torch.arange(1, time + 1, device=x.device).clamp(max=window)
        return _window_sum(functional.pad(x, (self.frames, 0)), window, time) / existing.to(x.dtype)

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return f"{self.frames}"
