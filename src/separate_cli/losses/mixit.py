"""Mixture-invariant training: separate mixtures of mixtures, with no clean source in sight.

    estimates (batch, source, ...) --each source to one of the mixtures, in the best way--> (batch, mixture, ...)
        --loss_func against the mixtures--> (batch) --> mean

Source: Wisdom et al., "Unsupervised sound separation using mixture invariant training", NeurIPS 2020.
Differs: any number of mixtures; ``generalized=False`` gives each mixture equally many sources, as Asteroid has it. Only
the best assignment is differentiated.
Checked: tests/losses/test_mixit.py (brute force, Asteroid's values, three mixtures, gradients).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor, nn

__all__ = ["MixITLossWrapper"]

LossFunction = Callable[..., Tensor]

_MOST = 2**16
"""Assignments that may be enumerated; each costs one evaluation of the loss."""


class MixITLossWrapper(nn.Module):
    """Make ``loss_func`` mixture-invariant.

    Args:
        loss_func: Scores mixtures in a given order: two tensors ``(batch, mixture, ...)`` → ``(batch)``.
        generalized: Any source may go to any mixture, and a mixture may get none; otherwise all get equally many.
        reduction: ``"mean"`` over the batch, or ``"none"``.

    >>> from separate_cli.losses import multisrc_neg_snr
    >>> sources = torch.randn(2, 4, 1000, generator=torch.Generator().manual_seed(0))
    >>> mixtures = torch.stack([sources[:, 0] + sources[:, 3], sources[:, 1] + sources[:, 2]], dim=1)
    >>> bool(MixITLossWrapper(multisrc_neg_snr)(sources, mixtures) < -60)
    True
    """

    def __init__(
        self, loss_func: LossFunction, generalized: bool = True, reduction: Literal["mean", "none"] = "mean"
    ) -> None:
        super().__init__()
        if reduction not in {"mean", "none"}:
            raise ValueError(f"Expected reduction to be 'mean' or 'none', got {reduction!r}.")
        self.loss_func = loss_func
        self.generalized = generalized
        self.reduction = reduction

    def forward(
        self, estimates: Tensor, mixtures: Tensor, return_est: bool = False, **kwargs: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        """The loss under the best assignment of sources to mixtures.

        Args:
            estimates: ``(batch, source, ...)``.
            mixtures: ``(batch, mixture, ...)``.
            return_est: Also give the estimated mixtures, ``(batch, mixture, ...)``.
            **kwargs: Keyword arguments for ``loss_func``.

        Returns:
            A scalar, or ``(batch)`` for ``reduction="none"``; with ``return_est`` also the sums of estimates.

        Raises:
            ValueError: If shapes do not fit, the sources cannot be shared out equally, or there are too many ways.
        """
        search = self.best_part_mixit_generalized if self.generalized else self.best_part_mixit
        losses, owners = search(self.loss_func, estimates, mixtures, **kwargs)
        loss = losses.mean() if self.reduction == "mean" else losses
        return (loss, self.reorder_source(estimates, owners, mixtures.shape[1])) if return_est else loss

    @staticmethod
    def best_part_mixit(
        loss_func: LossFunction, estimates: Tensor, mixtures: Tensor, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Best assignment among those that give each mixture equally many sources.

        Returns:
            Least loss ``(batch)`` and, for each source, the index of its mixture, ``(batch, source)``.
        """
        return _best(loss_func, estimates, mixtures, kwargs, equal=True)

    @staticmethod
    def best_part_mixit_generalized(
        loss_func: LossFunction, estimates: Tensor, mixtures: Tensor, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Best assignment of all: ``mixture ** source`` ways. Returns as ``best_part_mixit``."""
        return _best(loss_func, estimates, mixtures, kwargs, equal=False)

    @staticmethod
    def loss_set_from_parts(
        loss_func: LossFunction, estimates: Tensor, mixtures: Tensor, owners: Tensor, **kwargs: Any
    ) -> Tensor:
        """Loss of every assignment in ``owners`` ``(assignment, source)``: ``(batch, assignment)``."""
        count = mixtures.shape[1]
        sums = (MixITLossWrapper.reorder_source(estimates, owner.unsqueeze(0), count) for owner in owners)
        losses = torch.stack([loss_func(summed, mixtures, **kwargs) for summed in sums], dim=-1)
        if losses.shape != (len(mixtures), len(owners)):
            raise ValueError(
                f"Expected the loss to give (batch,) = ({len(mixtures)},), got {tuple(losses.shape[:-1])}."
            )
        return losses

    @staticmethod
    def reorder_source(estimates: Tensor, owners: Tensor, n_mixtures: int) -> Tensor:
        """Sum the sources of each mixture: ``(batch, source, ...)`` → ``(batch, mixture, ...)``.

        Args:
            estimates: ``(batch, source, ...)``.
            owners: Index of the mixture that each source goes to, ``(batch or 1, source)``.
            n_mixtures: Number of mixtures.

        >>> MixITLossWrapper.reorder_source(torch.tensor([[[1.0], [2.0], [4.0]]]), torch.tensor([[1, 0, 1]]), 2)
        tensor([[[2.],
                 [5.]]])
        """
        owners = owners.reshape(*owners.shape, *[1] * (estimates.ndim - 2))
        return torch.stack([(estimates * (owners == mixture)).sum(1) for mixture in range(n_mixtures)], dim=1)


@lru_cache(maxsize=16)
def _owners(sources: int, mixtures: int, equal: bool) -> Tensor:
    """All ways to give each source to a mixture, ``(assignment, source)``."""
    if equal and sources % mixtures:
        raise ValueError(f"Expected sources that {mixtures} mixtures can share equally, got {sources}.")
    if mixtures**sources > _MOST:
        raise ValueError(f"Expected at most {_MOST} assignments, got {mixtures}^{sources}.")
    ways = torch.tensor(list(itertools.product(range(mixtures), repeat=sources)))
    if not equal:
        return ways
    shares = torch.stack([(ways == mixture).sum(1) for mixture in range(mixtures)], dim=1)
    return ways[(shares == sources // mixtures).all(1)]


def _best(
    loss_func: LossFunction, estimates: Tensor, mixtures: Tensor, kwargs: dict[str, Any], *, equal: bool
) -> tuple[Tensor, Tensor]:
    fits = estimates.ndim == mixtures.ndim >= 2 and estimates.shape[0] == mixtures.shape[0]
    if not fits or estimates.shape[2:] != mixtures.shape[2:] or 0 in estimates.shape or 0 in mixtures.shape:
        raise ValueError(
            f"Expected estimates (batch, source, ...) and mixtures (batch, mixture, ...) that agree in batch and ..., "
            f"got {tuple(estimates.shape)} and {tuple(mixtures.shape)}."
        )
    owners = _owners(estimates.shape[1], mixtures.shape[1], equal).to(estimates.device)
    with torch.no_grad():
        losses = MixITLossWrapper.loss_set_from_parts(loss_func, estimates, mixtures, owners, **kwargs)
    if losses.isnan().any():
        raise ValueError(f"Expected losses without NaN, got {int(losses.isnan().sum())} of {losses.numel()}.")
    best = owners[losses.argmin(1)]  # (batch, source)
    summed = MixITLossWrapper.reorder_source(estimates, best, mixtures.shape[1])
    return loss_func(summed, mixtures, **kwargs), best
