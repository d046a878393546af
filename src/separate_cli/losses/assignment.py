"""Which estimate is which reference: the search behind permutation-invariant training.

    pairwise losses (batch, est, ref) --best_assignment--> indices (batch, ref)

``indices[b, j]`` is the estimate that explains ``references[b, j]``; no estimate is used twice. With more estimates
than references the best subset is taken. Few sources are searched exhaustively, where the losses are; many with the
Hungarian method (Kuhn 1955; Crouse 2016 as in SciPy) on one copy of the matrix in host memory: cubic, so 20 sources
cost what 5 do, where exhaustive search would need 20! = 2.4e18 sums.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

__all__ = ["best_assignment", "exhaustive_losses", "gather_pairs", "injections"]

_FEW = 24
"""Up to so many assignments (4 sources) exhaustive search is the faster one."""

_MOST = 3_628_800
"""10!: above it an exhaustive search that was asked for is refused."""


@lru_cache(maxsize=32)
def _injections(estimates: int, references: int) -> Tensor:
    return torch.tensor(list(itertools.permutations(range(estimates), references)))


def injections(estimates: int, references: int, *, device: torch.device | None = None) -> Tensor:
    """All ways to give each reference an estimate of its own, ``(assignment, ref)``, in lexicographic order.

    Raises:
        ValueError: If there are fewer estimates than references, or more than 10! ways.

    >>> injections(3, 2).tolist()
    [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]
    """
    if estimates < references:
        raise ValueError(f"Expected at least as many estimates as references, got {estimates} and {references}.")
    if (ways := math.perm(estimates, references)) > _MOST:
        raise ValueError(
            f"Expected at most {_MOST} assignments for an exhaustive search, got {ways} ({estimates} estimates, "
            f"{references} references); pairwise losses without a reduction of your own have no such limit."
        )
    return _injections(estimates, references).to(device)


def exhaustive_losses(pairwise: Tensor) -> Tensor:
    """The losses of every assignment: ``(batch, est, ref)`` → ``(batch, assignment, ref)``."""
    ways = injections(*pairwise.shape[1:], device=pairwise.device)
    return pairwise[:, ways, torch.arange(pairwise.shape[2], device=pairwise.device)]


def gather_pairs(pairwise: Tensor, indices: Tensor) -> Tensor:
    """The losses of one assignment an item: ``(batch, est, ref)`` and ``(batch, ref)`` → ``(batch, ref)``."""
    return pairwise.gather(1, indices.unsqueeze(1)).squeeze(1)


def _hungarian(pairwise: Tensor) -> Tensor:
    from scipy.optimize import linear_sum_assignment

    costs = pairwise.detach().to("cpu", torch.float64).mT.numpy()  # (batch, ref, est)
    found = np.stack([linear_sum_assignment(cost)[1] for cost in costs])
    return torch.from_numpy(found).to(pairwise.device)


def best_assignment(pairwise: Tensor, *, exhaustive: bool | None = None) -> Tensor:
    """The assignment of least summed loss.

    Args:
        pairwise: Losses ``(batch, est, ref)``, ``est >= ref``.
        exhaustive: Force exhaustive search or the Hungarian method; None chooses by the number of assignments.

    Returns:
        ``(batch, ref)`` indices of estimates.

    Raises:
        ValueError: If the shape is another, or a loss is NaN.

    >>> best_assignment(torch.tensor([[[5.0, 1.0], [2.0, 9.0]]]))
    tensor([[1, 0]])
    """
    if pairwise.ndim != 3 or 0 in pairwise.shape or pairwise.shape[1] < pairwise.shape[2]:
        raise ValueError(f"Expected losses (batch, estimate, reference), est >= ref, got {tuple(pairwise.shape)}.")
    if pairwise.isnan().any():
        raise ValueError(f"Expected losses without NaN, got {int(pairwise.isnan().sum())} of {pairwise.numel()}.")
    if exhaustive is None:
        exhaustive = math.perm(*pairwise.shape[1:]) <= _FEW
    with torch.no_grad():
        if not exhaustive:
            return _hungarian(pairwise)
        best = exhaustive_losses(pairwise).sum(-1).argmin(1)  # (batch)
        return injections(*pairwise.shape[1:], device=pairwise.device)[best]
