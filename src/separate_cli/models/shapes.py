"""Shapes of waves that single-channel models take, brought to one.

(time) | (batch, time) | (batch, 1, time) --mono_batch--> (batch, 1, time) --model--> (batch, source, time)
    --as_given--> (source, time) | (batch, source, time), same time
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from separate_cli.filterbanks.recording import is_eager

__all__ = ["as_given", "mono_batch"]


def mono_batch(wav: Tensor, *, min_samples: int = 1) -> Tensor:
    """``wav`` as ``(batch, 1, time)``, with zeros at the end up to ``min_samples``.

    Raises:
        ValueError: If the shape is none of the three, or there is no sample.
    """
    if not 1 <= wav.ndim <= 3 or (is_eager() and wav.ndim == 3 and wav.shape[1] != 1):
        raise ValueError(f"Expected (time), (batch, time) or (batch, 1, time), got shape {tuple(wav.shape)}.")
    if is_eager() and wav.shape[-1] == 0:
        raise ValueError("Expected at least one sample, got none.")
    missing = min_samples - wav.shape[-1]
    return functional.pad(wav.reshape(-1, 1, wav.shape[-1]), (0, (missing + abs(missing)) // 2))  # traced: no branch


def as_given(estimates: Tensor, wav: Tensor) -> Tensor:
    """``estimates``, ``(batch, source, time)``, as long as ``wav``; without the batch where ``wav`` has none."""
    fitted = functional.pad(estimates, (0, wav.shape[-1] - estimates.shape[-1]))  # negative: cut
    return fitted if wav.ndim > 1 else fitted.squeeze(0)
