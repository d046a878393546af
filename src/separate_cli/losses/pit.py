"""Permutation-invariant training: any loss becomes blind to the order of the estimates.

    estimates (batch, est, ...), references (batch, ref, ...)
        pw_mtx:    loss_func(estimates, references) -> (batch, est, ref)      one call
        pw_pt:     loss_func(estimate, reference) -> (batch)                  one call a pair
        perm_avg:  loss_func(reordered, references) -> (batch)                one call a permutation
    --search--> the assignment of least loss --mean over batch--> scalar

Source: Yu et al., "Permutation invariant training of deep models", ICASSP 2017; Kolbæk et al., IEEE/ACM TASLP 25(10),
2017 (utterance level). Interface and numbers as Asteroid's; ``pairwise[b, i, j]`` is estimate i as reference j.
Differs: no limit on sources; where pairs are scored, more estimates than references are allowed (the best are kept).
Checked: tests/losses/test_pit.py (every permutation of 2 to 5 sources, Hungarian = exhaustive, Asteroid's values).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from separate_cli.losses.assignment import best_assignment, exhaustive_losses, gather_pairs, injections

__all__ = ["PITFrom", "PITLossWrapper", "PITReorder"]

PITFrom = Literal["pw_mtx", "pw_pt", "perm_avg"]
LossFunction = Callable[..., Tensor]
PermReduce = Callable[..., Tensor]


def _check(estimates: Tensor, references: Tensor) -> None:
    fits = estimates.ndim >= 2 and references.ndim >= 2 and estimates.shape[0] == references.shape[0]
    if not fits or estimates.shape[1] < references.shape[1] or 0 in estimates.shape or 0 in references.shape:
        raise ValueError(
            f"Expected estimates (batch, estimate, ...) and references (batch, reference, ...) of one batch size with "
            f"at least as many estimates as references, got {tuple(estimates.shape)} and {tuple(references.shape)}."
        )


class _PermutationSearch(nn.Module):
    """A loss, and the search for the assignment that makes it least."""

    def __init__(
        self, loss_func: LossFunction, pit_from: PITFrom = "pw_mtx", perm_reduce: PermReduce | None = None
    ) -> None:
        super().__init__()
        if pit_from not in get_args(PITFrom):
            raise ValueError(f"Expected pit_from to be one of {', '.join(get_args(PITFrom))}, got {pit_from!r}.")
        if perm_reduce is not None and pit_from == "perm_avg":
            raise ValueError(
                "Expected perm_reduce=None with pit_from='perm_avg': such a loss reduces its sources itself."
            )
        self.loss_func = loss_func
        self.pit_from = pit_from
        self.perm_reduce = perm_reduce

    def _search(
        self, estimates: Tensor, references: Tensor, reduce_kwargs: dict[str, Any], kwargs: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        """Loss of the best assignment ``(batch)`` and the assignment ``(batch, ref)``."""
        _check(estimates, references)
        if self.pit_from == "perm_avg":
            return self.best_perm_from_perm_avg_loss(self.loss_func, estimates, references, **kwargs)
        if self.pit_from == "pw_mtx":
            pairwise = self.loss_func(estimates, references, **kwargs)
        else:
            pairwise = self.get_pw_losses(self.loss_func, estimates, references, **kwargs)
        expected = (estimates.shape[0], estimates.shape[1], references.shape[1])
        if pairwise.shape != expected:
            raise ValueError(
                f"Expected the {self.pit_from!r} loss to give (batch, estimate, reference) = {expected}, "
                f"got {tuple(pairwise.shape)}."
            )
        return self.find_best_perm(pairwise, self.perm_reduce, **reduce_kwargs)

    @staticmethod
    def get_pw_losses(loss_func: LossFunction, estimates: Tensor, references: Tensor, **kwargs: Any) -> Tensor:
        """Losses of all pairs, ``(batch, est, ref)``, from a loss of one pair, ``(batch)`` (or a scalar for all)."""
        batch = estimates.shape[0]
        losses = [loss_func(est, ref, **kwargs) for est in estimates.unbind(1) for ref in references.unbind(1)]
        if losses[0].ndim != 0 and losses[0].shape != (batch,):
            raise ValueError(
                f"Expected the loss of a pair to give (batch,) = ({batch},), got {tuple(losses[0].shape)}."
            )
        pairwise = torch.stack([loss.expand(batch) for loss in losses], dim=1)
        return pairwise.view(batch, estimates.shape[1], references.shape[1])

    @staticmethod
    def find_best_perm(
        pair_wise_losses: Tensor, perm_reduce: PermReduce | None = None, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """The best assignment for pairwise losses.

        Args:
            pair_wise_losses: ``(batch, est, ref)``, ``est >= ref``.
            perm_reduce: Reduces ``(batch, assignment, ref)`` to ``(batch, assignment)``; None for the mean.
            **kwargs: For ``perm_reduce``.

        Returns:
            Least loss ``(batch)`` and indices ``(batch, ref)``: ``indices[b, j]`` is the estimate of reference j.

        >>> PITLossWrapper.find_best_perm(torch.tensor([[[5.0, 1.0], [2.0, 9.0]]]))
        (tensor([1.5000]), tensor([[1, 0]]))
        """
        if perm_reduce is not None:
            return _PermutationSearch.find_best_perm_factorial(pair_wise_losses, perm_reduce, **kwargs)
        indices = best_assignment(pair_wise_losses)
        return gather_pairs(pair_wise_losses, indices).mean(1), indices

    @staticmethod
    def find_best_perm_factorial(
        pair_wise_losses: Tensor, perm_reduce: PermReduce | None = None, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """As ``find_best_perm``, by trying all assignments."""
        if perm_reduce is None:
            indices = best_assignment(pair_wise_losses, exhaustive=True)
            return gather_pairs(pair_wise_losses, indices).mean(1), indices
        losses = exhaustive_losses(pair_wise_losses)  # (batch, assignment, ref)
        reduced = perm_reduce(losses, **kwargs)
        if reduced.shape != losses.shape[:2]:
            raise ValueError(
                f"Expected perm_reduce to give (batch, assignment) = {tuple(losses.shape[:2])}, "
                f"got {tuple(reduced.shape)}."
            )
        least, best = reduced.min(dim=1)
        return least, injections(*pair_wise_losses.shape[1:], device=pair_wise_losses.device)[best]

    @staticmethod
    def find_best_perm_hungarian(pair_wise_losses: Tensor) -> tuple[Tensor, Tensor]:
        """As ``find_best_perm``, by the Hungarian method."""
        indices = best_assignment(pair_wise_losses, exhaustive=False)
        return gather_pairs(pair_wise_losses, indices).mean(1), indices

    @staticmethod
    def best_perm_from_perm_avg_loss(
        loss_func: LossFunction, estimates: Tensor, references: Tensor, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """The best order for a loss of all sources at once. Only the best one is differentiated.

        Returns:
            Least loss ``(batch)`` and indices ``(batch, ref)``.
        """
        if estimates.shape[1] != references.shape[1]:
            raise ValueError(
                f"Expected as many estimates as references with pit_from='perm_avg', "
                f"got {estimates.shape[1]} and {references.shape[1]}."
            )
        orders = injections(estimates.shape[1], references.shape[1], device=estimates.device)
        with torch.no_grad():
            losses = torch.stack([loss_func(estimates[:, order], references, **kwargs) for order in orders], dim=-1)
        if losses.shape != (estimates.shape[0], len(orders)):
            raise ValueError(
                f"Expected the 'perm_avg' loss to give (batch,) = ({estimates.shape[0]},), "
                f"got {tuple(losses.shape[:-1])}."
            )
        if losses.isnan().any():
            raise ValueError(f"Expected losses without NaN, got {int(losses.isnan().sum())} of {losses.numel()}.")
        indices = orders[losses.argmin(1)]
        return loss_func(_PermutationSearch.reorder_source(estimates, indices), references, **kwargs), indices

    @staticmethod
    def reorder_source(source: Tensor, batch_indices: Tensor) -> Tensor:
        """Pick sources an item: ``(batch, est, ...)`` and ``(batch, ref)`` → ``(batch, ref, ...)``.

        >>> PITLossWrapper.reorder_source(torch.tensor([[[10.0], [20.0]]]), torch.tensor([[1, 0]])).flatten()
        tensor([20., 10.])
        """
        return source[torch.arange(len(source), device=source.device).unsqueeze(1), batch_indices]


class PITLossWrapper(_PermutationSearch):
    """Make ``loss_func`` permutation-invariant.

    Args:
        loss_func: The loss; what it takes and gives depends on ``pit_from``. Batch items must not interact.
        pit_from: ``"pw_mtx"``: the loss gives the whole matrix ``(batch, est, ref)`` (fastest);
            ``"pw_pt"``: it scores one estimate against one reference, ``(batch)``;
            ``"perm_avg"``: it scores all sources in a given order, ``(batch)``.
        perm_reduce: How the losses of one assignment become one number: called with
            ``(batch, assignment, ref)``, gives ``(batch, assignment)``. None for the mean. Searches exhaustively.

    Raises:
        ValueError: If ``pit_from`` is none of the three, or ``perm_reduce`` is given with ``"perm_avg"``.

    >>> from separate_cli.losses import pairwise_neg_sisdr
    >>> references = torch.randn(4, 3, 1000, generator=torch.Generator().manual_seed(0))
    >>> loss, reordered = PITLossWrapper(pairwise_neg_sisdr)(references.flip(1) * 0.5, references, return_est=True)
    >>> bool(loss < -60), torch.equal(reordered, references * 0.5)
    (True, True)
    """

    def forward(
        self,
        estimates: Tensor,
        references: Tensor,
        return_est: bool = False,
        reduce_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """The loss under the best assignment, averaged over the batch.

        Args:
            estimates: ``(batch, est, ...)``.
            references: ``(batch, ref, ...)``; ``ref <= est``, and ``ref == est`` for ``"perm_avg"``.
            return_est: Also give the estimates in the references' order.
            reduce_kwargs: Keyword arguments for ``perm_reduce``.
            **kwargs: Keyword arguments for ``loss_func``.

        Returns:
            The scalar loss, or with ``return_est`` the loss and ``(batch, ref, ...)``.

        Raises:
            ValueError: If the shapes do not fit or the loss function gives another shape than ``pit_from`` says.
        """
        loss, indices = self._search(estimates, references, reduce_kwargs or {}, kwargs)
        mean = loss.mean()
        return (mean, self.reorder_source(estimates, indices)) if return_est else mean


class PITReorder(_PermutationSearch):
    """The estimates in the references' order, without the loss: to align the chunks of a long recording.

    >>> from separate_cli.losses import pairwise_neg_snr
    >>> references = torch.eye(3).unsqueeze(0)
    >>> torch.equal(PITReorder(pairwise_neg_snr)(references.flip(1), references), references)
    True
    """

    def forward(
        self, estimates: Tensor, references: Tensor, reduce_kwargs: dict[str, Any] | None = None, **kwargs: Any
    ) -> Tensor:
        """``(batch, est, ...)`` → ``(batch, ref, ...)``; arguments as for ``PITLossWrapper``."""
        with torch.no_grad():
            _, indices = self._search(estimates, references, reduce_kwargs or {}, kwargs)
        return self.reorder_source(estimates, indices)
