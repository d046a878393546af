"""The mean of the last frames: a memory of fixed length, so that chunks with that much context give exact results.

    (batch, feature, frame) --mean over frames max(0, t - n) .. t--> (batch, feature, frame)

Checked: tests/layers/test_trailing_mean.py (NumPy loop, chunks = whole).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["TrailingMean"]


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
        window = self.frames + 1
        # A sum over a window, not a difference of running sums: its error does not grow with the length of the file.
        summed = functional.avg_pool1d(functional.pad(x, (self.frames, 0)), window, stride=1)
        existing = torch.arange(1, x.shape[-1] + 1, device=x.device).clamp(max=window)
        return summed * (window / existing.to(x.dtype))

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return f"{self.frames}"
