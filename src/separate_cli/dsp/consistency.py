"""Mixture consistency: move estimates as little as needed so that they add up to the mixture.

    estimates (batch, source, ..., time) + share (batch, source, 1, ...) * (mixture - sum of estimates)

What is missing is shared out equally, by the estimates' power, or by given weights; the shares add up to one.

Source: Wisdom et al., "Differentiable consistency constraints for improved deep speech enhancement", ICASSP 2019.
Checked: tests/dsp/test_consistency.py (sums, NumPy, golden numbers, idempotence).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

__all__ = ["mixture_consistency"]


def mixture_consistency(
    mixture: Tensor,
    est_sources: Tensor,
    src_weights: Tensor | None = None,
    dim: int = 1,
    *,
    weighting: Literal["power", "equal"] = "power",
) -> Tensor:
    """Estimates that add up to the mixture.

    Args:
        mixture: ``(batch, ..., time)`` without a source axis, or with one of length 1.
        est_sources: ``(batch, source, ..., time)``; waves or spectra, real or complex.
        src_weights: Shares of the sources, which broadcast against ``est_sources``, for example ``(batch, source, 1)``;
            scaled so that they add up to one.
        dim: The source axis.
        weighting: Shares when none are given: ``"power"``, as each estimate's mean power, or ``"equal"``.

    Returns:
        As ``est_sources``.

    Raises:
        ValueError: If the shapes do not fit, or ``weighting`` is unknown.

    >>> estimates = torch.tensor([[[3.0, 0.0], [1.0, 0.0]]])
    >>> mixture_consistency(torch.tensor([[5.0, 0.0]]), estimates)
    tensor([[[3.9000, 0.0000],
             [1.1000, 0.0000]]])
    >>> mixture_consistency(torch.tensor([[5.0, 0.0]]), estimates, weighting="equal")
    tensor([[[3.5000, 0.0000],
             [1.5000, 0.0000]]])
    """
    axis = dim % est_sources.ndim
    expected = list(est_sources.shape)
    expected[axis] = 1
    whole = mixture if mixture.ndim == est_sources.ndim else mixture.unsqueeze(axis)
    if list(whole.shape) != expected:
        raise ValueError(
            f"Expected a mixture of shape {tuple(expected)}, the source axis optional, got {tuple(mixture.shape)}."
        )
    if src_weights is not None:
        shares = src_weights / src_weights.sum(axis, keepdim=True)
    elif weighting == "power":
        within = [other for other in range(min(axis, 1), est_sources.ndim) if other != axis]
        power = est_sources.abs().square().mean(within, keepdim=True)
        shares = power / (power.sum(axis, keepdim=True) + 1e-8)
    elif weighting == "equal":
        shares = torch.full([1] * est_sources.ndim, 1 / est_sources.shape[axis], device=est_sources.device)
    else:
        raise ValueError(f"weighting must be 'power' or 'equal', got {weighting!r}.")
    return est_sources + shares * (whole - est_sources.sum(axis, keepdim=True))
