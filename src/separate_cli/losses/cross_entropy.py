"""Binary cross entropy of activity: how surprised the probabilities are by what was the case.

    probabilities, activity (batch, ...) --mean of -log of what was given to the truth--> (batch)

Checked: tests/losses/test_cross_entropy.py (NumPy reference, certainty that is wrong).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from separate_cli.losses.checks import check_finite, check_same_shape

__all__ = ["BinaryCrossEntropy", "binary_cross_entropy"]


class BinaryCrossEntropy(nn.Module):
    """Mean cross entropy of each item of the batch. A logarithm is never below -100, so that certainty may be wrong.

    >>> import torch
    >>> binary_cross_entropy(torch.tensor([[0.5, 0.25]]), torch.tensor([[1.0, 0.0]])).round(decimals=4)
    tensor([0.4904])
    """

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score probabilities of activity (0 to 1) against activity (0 to 1), both ``(batch, ...)``.

        Returns:
            ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, values are outside 0 to 1, or NaN.
        """
        estimates, references = check_same_shape(estimates, references, axes="batch, time, ...")
        for name, values in (("estimates", estimates), ("references", references)):
            low, high = (float(bound) for bound in values.detach().aminmax())
            if low < 0 or high > 1:
                raise ValueError(f"Expected {name} from 0 to 1, got {low:g} to {high:g}.")
        loss = functional.binary_cross_entropy(estimates, references, reduction="none").flatten(1).mean(1)
        return check_finite(loss, estimates, references)


binary_cross_entropy = BinaryCrossEntropy()
