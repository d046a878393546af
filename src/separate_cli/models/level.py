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
"""Name → function of estimates ``(..., source, time)`` and mixture ``(..., channel, time)`` to estimates."""


@LEVELS.add(name="none")
def keep(estimates: Tensor, mixture: Tensor) -> Tensor:  # noqa: ARG001  one signature for all policies
    """As the network gave them: right where the training loss saw the level."""
    return estimates


@LEVELS.add(name="l1")
def match_l1(estimates: Tensor, mixture: Tensor) -> Tensor:
    """All estimates of an example times one factor, so that their magnitudes sum to the mixture's.

    Of a mixture of several microphones, the mean over them counts. The rule of Asteroid's ``separate``, which takes one
    factor for the whole batch, and the sum over microphones; a silent example stays silent.
    """
    own = estimates.abs().sum((-2, -1), keepdim=True)
    wanted = mixture.abs().sum(-1, keepdim=True).mean(-2, keepdim=True)
    return estimates * torch.where(own > 0, wanted / own, torch.ones_like(own))


def apply_level(estimates: Tensor, mixture: Tensor, *, level: str) -> Tensor:
    """``estimates`` at the level that the policy called ``level`` gives them.

    Args:
        estimates: ``(batch, source, time)``.
        mixture: ``(batch, channel, time)``.
        level: ``"none"`` or ``"l1"``.

    Raises:
        ValueError: If the policy is unknown.

    >>> apply_level(torch.tensor([[[1.0, -1.0]]]), torch.tensor([[[3.0, 0.0]]]), level="l1").tolist()
    [[[1.5, -1.5]]]
    """
    return LEVELS.get(level)(estimates, mixture)
