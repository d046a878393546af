"""Level policies: how loud estimates are against the mixture that they came from.

Networks trained with a scale-invariant loss give estimates of arbitrary level. A policy sets it, example by example.

Checked: tests/models/test_level.py (silence, independence of the examples).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from separate_cli.registry import Registry

__all__ = ["LEVELS", "apply_level"]

LEVELS: Registry[Callable[[Tensor, Tensor], Tensor]] = Registry("level policy")
"""Name → function of estimates and mixture, as for ``apply_level``, to estimates."""


@LEVELS.add(name="none")
def keep(estimates: Tensor, mixture: Tensor) -> Tensor:  # noqa: ARG001  one signature for all policies
    """As the network gave them: right where the training loss saw the level."""
    return estimates


@LEVELS.add(name="l1")
def match_l1(estimates: Tensor, mixture: Tensor) -> Tensor:
    """All estimates of an example times one factor, so that their magnitudes sum to the mixture's.

    Of several channels or microphones, the mean over them counts. The rule of Asteroid's ``separate``, which takes one
    factor for the whole batch, and the sum over microphones; a silent example stays silent.
    """
    n_batch_axes = mixture.ndim - 2
    own = _total(estimates, n_batch_axes, n_channels=estimates.shape[-2] if estimates.ndim > mixture.ndim else 1)
    wanted = _total(mixture, n_batch_axes, n_channels=mixture.shape[-2])
    factors = torch.where(own > 0, wanted / own, torch.ones_like(own))
    return estimates * factors.reshape(*factors.shape, *[1] * (estimates.ndim - n_batch_axes))


def _total(waves: Tensor, n_batch_axes: int, *, n_channels: int) -> Tensor:
    """Sum of the magnitudes of an example, of the mean channel."""
    return waves.abs().flatten(n_batch_axes).sum(-1) / n_channels


def apply_level(estimates: Tensor, mixture: Tensor, *, level: str) -> Tensor:
    """``estimates`` at the level that the policy called ``level`` gives them.

    Args:
        estimates: ``(batch, source, time)`` or ``(batch, source, channel, time)``; the batch may be missing in both.
        mixture: ``(batch, channel, time)``.
        level: ``"none"`` or ``"l1"``.

    Raises:
        ValueError: If the policy is unknown.

    >>> apply_level(torch.tensor([[[1.0, -1.0]]]), torch.tensor([[[3.0, 0.0]]]), level="l1").tolist()
    [[[1.5, -1.5]]]
    """
    return LEVELS.get(level)(estimates, mixture)
