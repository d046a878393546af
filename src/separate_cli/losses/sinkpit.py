"""SinkPIT: permutation-invariant training with a soft assignment, for many sources.

    pairwise losses (batch, est, ref) --Sinkhorn: alternate row and column normalisation of exp(-beta loss)-->
        soft assignment --its expected loss minus its entropy / beta--> (batch)

Every pair gets a gradient, so that early training does not freeze the first assignment that it happens to find. In
validation the hard assignment counts.

Source: Tachibana, "Towards listening to 10 people simultaneously: an efficient permutation invariant training of audio
source separation using Sinkhorn's algorithm", ICASSP 2021.
Checked: tests/losses/test_sinkpit.py (NumPy reference, Asteroid's values, limits of beta).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from separate_cli.losses.pit import PITLossWrapper

__all__ = ["SinkPITLossWrapper"]


class SinkPITLossWrapper(nn.Module):
    """Permutation-invariant training by Sinkhorn's algorithm.

    Args:
        loss_func: Gives all pairs, ``(batch, est, ref)``, ``est == ref``.
        n_iter: Normalisations, rows and columns counted each.
        hungarian_validation: Score by the best hard assignment in evaluation mode.

    Attributes:
        beta: Inverse temperature, 10 at first; raise it in training to harden the assignment.

    >>> import torch
    >>> from separate_cli.losses import pairwise_neg_sisdr
    >>> waves = torch.randn(2, 12, 800, generator=torch.Generator().manual_seed(0))
    >>> soft = SinkPITLossWrapper(pairwise_neg_sisdr)
    >>> noisy = waves.flip(1) + 0.1 * torch.randn(2, 12, 800, generator=torch.Generator().manual_seed(1))
    >>> round(float(soft(noisy, waves))), round(float(soft.eval()(noisy, waves)))
    (-20, -20)
    """

    def __init__(self, loss_func: Callable[..., Tensor], n_iter: int = 200, hungarian_validation: bool = True) -> None:
        super().__init__()
        if n_iter < 2:
            raise ValueError(f"Expected n_iter to be at least 2 (one row and one column step), got {n_iter}.")
        self.loss_func = loss_func
        self.n_iter = n_iter
        self.hungarian_validation = hungarian_validation
        self.beta = 10.0

    @property
    def beta(self) -> float:
        """Inverse temperature, above 0."""
        return self._beta

    @beta.setter
    def beta(self, value: float) -> None:
        if not value > 0:
            raise ValueError(f"Expected beta above 0, got {value}.")
        self._beta = value

    def forward(
        self, estimates: Tensor, references: Tensor, return_est: bool = False, **kwargs: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Soft loss in training mode; hard loss in evaluation mode or with ``return_est``.

        Args:
            estimates: ``(batch, source, ...)``.
            references: ``(batch, source, ...)``.
            return_est: Also give the estimates in the references' order.
            **kwargs: Keyword arguments for ``loss_func``.

        Returns:
            The scalar loss, or with ``return_est`` the loss and ``(batch, source, ...)``.

        Raises:
            ValueError: If the loss function does not give one square matrix an item.
        """
        pairwise = self.loss_func(estimates, references, **kwargs)
        if return_est or (self.hungarian_validation and not self.training):
            loss, indices = PITLossWrapper.find_best_perm(pairwise)
            mean = loss.mean()
            return (mean, PITLossWrapper.reorder_source(estimates, indices)) if return_est else mean
        return self.best_softperm_sinkhorn(pairwise, self.beta, self.n_iter)[0].mean()

    @staticmethod
    def best_softperm_sinkhorn(
        pair_wise_losses: Tensor, beta: float = 10.0, n_iter: int = 200
    ) -> tuple[Tensor, Tensor]:
        """Loss ``(batch)`` and soft assignment ``(batch, ref, est)`` of ``(batch, est, ref)`` losses.

        >>> import torch
        >>> loss, soft = SinkPITLossWrapper.best_softperm_sinkhorn(torch.tensor([[[5.0, 1.0], [2.0, 9.0]]]))
        >>> loss, soft.round()
        (tensor([1.5000]), tensor([[[0., 1.],
                 [1., 0.]]]))
        """
        if pair_wise_losses.ndim != 3 or pair_wise_losses.shape[1] != pair_wise_losses.shape[2]:
            raise ValueError(f"Expected losses (batch, source, source), got {tuple(pair_wise_losses.shape)}.")
        losses = pair_wise_losses.mT  # (batch, ref, est)
        log_soft = -beta * losses
        for _ in range(n_iter // 2):
            log_soft = log_soft - log_soft.logsumexp(1, keepdim=True)
            log_soft = log_soft - log_soft.logsumexp(2, keepdim=True)
        soft = log_soft.exp()
        # E[loss] - entropy / beta: the free energy that Sinkhorn's fixed point minimises.
        return ((losses + log_soft / beta) * soft).mean(2).sum(1), soft
