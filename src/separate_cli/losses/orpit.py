"""One-and-rest training: separate one source at a time, for mixtures of any, also unknown, number of sources.

    estimates (batch, 2, time): one source, and the rest --loss_func against each (source, sum of the others)-->
        the best choice of source --> (batch) --mean--> scalar

A model trained so is applied again to its own "rest" until nothing is left.

Source: Takahashi et al., "Recursive speech separation for unknown number of speakers", Interspeech 2019.
Differs: silent references (padding of items with fewer sources) are never chosen and not counted.
Checked: tests/losses/test_orpit.py (brute force, padding, recursion to two sources).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from separate_cli.losses.pit import PITLossWrapper

__all__ = ["ORPITLossWrapper"]


class ORPITLossWrapper(nn.Module):
    """Make a loss of one source one-and-rest invariant.

    Args:
        loss_func: Scores one signal against one, ``(batch, time)`` twice → ``(batch)``.

    >>> from separate_cli.losses import singlesrc_neg_snr
    >>> sources = torch.randn(2, 3, 1000, generator=torch.Generator().manual_seed(0))
    >>> one_and_rest = torch.stack([sources[:, 1], sources[:, 0] + sources[:, 2]], dim=1)
    >>> loss, indices = ORPITLossWrapper(singlesrc_neg_snr)(one_and_rest, sources, return_index=True)
    >>> bool(loss < -60), indices
    (True, tensor([1, 1]))
    """

    def __init__(self, loss_func: Callable[..., Tensor]) -> None:
        super().__init__()
        self.loss_func = loss_func

    def forward(
        self, estimates: Tensor, references: Tensor, return_index: bool = False, **kwargs: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        """The loss for the best choice of the one.

        Args:
            estimates: One source and the rest, ``(batch, 2, time)``.
            references: ``(batch, ref, time)``, ``ref >= 2``; items with fewer sources are padded with silence.
            return_index: Also give which reference was the one, ``(batch)``.
            **kwargs: Keyword arguments for ``loss_func``.

        Returns:
            The scalar loss ``one + rest / (sources - 1)``, with ``return_index`` also the indices.

        Raises:
            ValueError: If shapes do not fit or an item has fewer than two active references.
        """
        _check(estimates, references)
        active = references.flatten(2).abs().amax(2) > 0  # (batch, ref)
        counts = active.sum(1)
        if int(counts.min()) < 2:
            raise ValueError(f"Expected at least two active references in each item, got {counts.tolist()}.")
        others = references.sum(1, keepdim=True) - references
        one = PITLossWrapper.get_pw_losses(self.loss_func, estimates[:, :1], references, **kwargs)
        rest = PITLossWrapper.get_pw_losses(self.loss_func, estimates[:, 1:], others, **kwargs)
        losses = (one + rest / (counts - 1)[:, None, None]).squeeze(1)  # (batch, ref)
        least, indices = losses.masked_fill(~active, torch.inf).min(1)
        return (least.mean(), indices) if return_index else least.mean()


def _check(estimates: Tensor, references: Tensor) -> None:
    fits = estimates.ndim == references.ndim >= 3 and len(estimates) == len(references) and estimates.shape[1] == 2
    if not fits or estimates.shape[2:] != references.shape[2:] or references.shape[1] < 2:
        raise ValueError(
            f"Expected estimates (batch, 2, time) and references (batch, 2 or more, time), "
            f"got {tuple(estimates.shape)} and {tuple(references.shape)}."
        )
