"""Soft F1: the F1 score of voice activity, made differentiable by counting probabilities.

    probabilities, activity (any shape, the same) --soft true/false positives and false negatives--> 1 - F1, a scalar

Checked: tests/losses/test_soft_f1.py (scikit-learn's definition on hard decisions, Asteroid's values).
"""

from __future__ import annotations

from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, promoted

__all__ = ["F1_loss", "SoftF1Loss"]


class SoftF1Loss(nn.Module):
    """One minus the soft F1 score, over all values together.

    Args:
        eps: Added to each denominator. Where nothing is active the loss is 1, whatever the estimate.

    >>> import torch
    >>> loss = SoftF1Loss()
    >>> loss(torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([1.0, 0.0, 0.0, 0.0])).round(decimals=4)
    tensor(0.3333)
    """

    def __init__(self, eps: float = 1e-10) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score probabilities of activity (0 to 1) against activity (0 or 1), of one shape.

        Returns:
            A scalar from 0 (right everywhere) to 1.

        Raises:
            ValueError: If shapes, types or devices do not fit, values are outside 0 to 1, or NaN.
        """
        if estimates.shape != references.shape:
            raise ValueError(
                f"Expected estimates and references of one shape, "
                f"got {tuple(estimates.shape)} and {tuple(references.shape)}."
            )
        estimates, references = promoted(estimates, references.to(estimates.dtype))
        for name, values in (("estimates", estimates), ("references", references)):
            low, high = (float(bound) for bound in values.detach().aminmax())
            if low < 0 or high > 1:
                raise ValueError(f"Expected {name} from 0 to 1, got {low:g} to {high:g}.")
        true_positive = (estimates * references).sum()
        precision = true_positive / (estimates.sum() + self.eps)
        recall = true_positive / (references.sum() + self.eps)
        loss = 1 - 2 * precision * recall / (precision + recall + self.eps)
        return check_finite(loss, estimates, references)


F1_loss = SoftF1Loss
