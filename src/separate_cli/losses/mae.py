"""Mean absolute error of each item, over all axes but the batch.

    estimates (batch, ...), references (batch, ...) --singlesrc_mae, multisrc_mae--> (batch)

Checked: tests/losses/test_mae.py (NumPy reference).
"""

from __future__ import annotations

from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape

__all__ = ["MultiSrcMAE", "SingleSrcMAE", "multisrc_mae", "singlesrc_mae"]


class SingleSrcMAE(nn.Module):
    """Mean absolute error of each item of the batch, over all other axes.

    >>> import torch
    >>> singlesrc_mae(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0]]))
    tensor([1.])
    """

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score ``estimates`` against ``references``, both ``(batch, ...)``.

        Returns:
            ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_same_shape(estimates, references, axes="batch, time, ...")
        loss = (estimates - references).abs().flatten(1).mean(1)
        return check_finite(loss, estimates, references)


class MultiSrcMAE(SingleSrcMAE):
    """The same over all sources in the given order."""


singlesrc_mae = SingleSrcMAE()
multisrc_mae = MultiSrcMAE()
