"""Mean squared error between sources: of waves, spectra or activities, of any shape after the source axis.

    estimates (batch, est, ...), references (batch, ref, ...) --pairwise_mse--> (batch, est, ref)
    estimates (batch, ...), references (batch, ...) --singlesrc_mse, multisrc_mse--> (batch)

Checked: tests/losses/test_mse.py (NumPy reference, values written by Asteroid, tiny differences in float32).
"""

from __future__ import annotations

from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape, check_sources
from separate_cli.losses.gram import Gram

__all__ = ["MultiSrcMSE", "PairwiseMSE", "SingleSrcMSE", "multisrc_mse", "pairwise_mse", "singlesrc_mse"]


class PairwiseMSE(nn.Module):
    """Mean squared error of every estimate against every reference.

    >>> import torch
    >>> ref = torch.tensor([[[1.0] * 4, [3.0] * 4]])
    >>> pairwise_mse(ref, ref)
    tensor([[[0., 4.],
             [4., 0.]]])
    """

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score every pair.

        Args:
            estimates: ``(batch, est, ...)``.
            references: ``(batch, ref, ...)``.

        Returns:
            ``(batch, est, ref)``; ``[b, i, j]`` scores ``estimates[b, i]`` as ``references[b, j]``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_sources(estimates, references)
        estimates, references = estimates.flatten(2), references.flatten(2)  # (batch, source, value)
        loss = Gram.of(estimates, references).residual_energy(1.0) / estimates.shape[2]
        return check_finite(loss, estimates, references)


class SingleSrcMSE(nn.Module):
    """Mean squared error of each item of the batch, over all other axes.

    >>> import torch
    >>> singlesrc_mse(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0]]))
    tensor([2.])
    """

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score ``estimates`` against ``references``, both ``(batch, ...)``.

        Returns:
            ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_same_shape(estimates, references, axes="batch, time, ...")
        loss = (estimates - references).square().flatten(1).mean(1)
        return check_finite(loss, estimates, references)


class MultiSrcMSE(SingleSrcMSE):
    """The same over all sources in the given order: the mean over ``(source, ...)`` is the mean over ``(...)``."""


pairwise_mse = PairwiseMSE()
singlesrc_mse = SingleSrcMSE()
multisrc_mse = MultiSrcMSE()
