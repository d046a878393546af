"""Differences of features over time, and features with their differences stacked.

    features (..., time) --compute_delta--> (..., time), --concat_deltas--> (order + 1) times as many along ``dim``

Checked: tests/dsp/test_deltas.py (NumPy's diff).
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["compute_delta", "concat_deltas"]


def compute_delta(feats: Tensor, dim: int = -1) -> Tensor:
    """Change from the entry before, along ``dim``; zero at the first.

    >>> compute_delta(torch.tensor([1.0, 4.0, 9.0]))
    tensor([0., 3., 5.])
    """
    return feats.diff(dim=dim, prepend=feats.narrow(dim, 0, 1))


def concat_deltas(feats: Tensor, order: int = 1, dim: int = -1) -> Tensor:
    """``feats`` and its first ``order`` differences along ``dim``, one after the other along ``dim``.

    Raises:
        ValueError: If ``order`` is negative.

    >>> concat_deltas(torch.tensor([1.0, 4.0, 9.0]), order=2)
    tensor([1., 4., 9., 0., 3., 5., 0., 3., 2.])
    """
    if order < 0:
        raise ValueError(f"order must not be negative, got {order}.")
    parts = [feats]
    for _ in range(order):
        parts.append(compute_delta(parts[-1], dim))
    return torch.cat(parts, dim)
