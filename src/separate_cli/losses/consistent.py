"""A loss on mixture-consistent estimates: what the estimates leave of the mixture is shared out before they are scored.

    estimates (batch, source, time) --add up to the mixture--> loss_func(consistent estimates, references)

Source: Wisdom et al., "Differentiable consistency constraints for improved deep speech enhancement", ICASSP 2019.
Checked: tests/losses/test_consistent.py (sums, the wrapped loss by hand, gradients).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor, nn

from separate_cli.dsp.consistency import mixture_consistency

__all__ = ["MixtureConsistentLossWrapper"]


class MixtureConsistentLossWrapper(nn.Module):
    """Make estimates add up to the mixture before ``loss_func`` sees them. Wraps, and is wrapped by, the PIT wrappers.

    Args:
        loss_func: Any loss of ``(batch, source, time)`` estimates and references.
        weighting: How the missing part is shared out: ``"power"``, by the estimates' power, or ``"equal"``.

    >>> import torch
    >>> from separate_cli.losses import multisrc_mse
    >>> references = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> MixtureConsistentLossWrapper(multisrc_mse, weighting="equal")(references - 0.5, references)
    tensor([0.])
    """

    def __init__(self, loss_func: Callable[..., Any], weighting: Literal["power", "equal"] = "power") -> None:
        super().__init__()
        self.loss_func = loss_func
        self.weighting: Literal["power", "equal"] = weighting

    def forward(self, estimates: Tensor, references: Tensor, mixture: Tensor | None = None, **kwargs: Any) -> Any:
        """What ``loss_func`` gives for the consistent estimates.

        Args:
            estimates: ``(batch, source, time)``.
            references: ``(batch, source, time)``.
            mixture: What was separated, ``(batch, time)``; None for the sum of the references.
            **kwargs: Keyword arguments for ``loss_func``.

        Raises:
            ValueError: If the mixture does not fit the estimates, or ``loss_func`` says so.
        """
        mixture = references.sum(1) if mixture is None else mixture
        consistent = mixture_consistency(mixture, estimates, weighting=self.weighting)
        return self.loss_func(consistent, references, **kwargs)
