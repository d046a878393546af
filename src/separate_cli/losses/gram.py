"""All inner products between estimates and references, in one matrix product each way.

    estimates (batch, est, time) ─┬─> dot (batch, est, ref)
    references (batch, ref, time) ┴─> estimate energy (batch, est, 1), reference energy (batch, 1, ref)

Every pairwise ratio or distance between waves is made of these three, so that no ``(batch, est, ref, time)`` tensor is
ever held; its gradient is a matrix product too. The price is cancellation: ``|e|² - 2 w <e, s> + w² |s|²`` loses as
many digits as the residual is below the signal. ``residual_energy`` gets them back, at the cost of the few pairs that
need it: where the residual is 10 dB or more below the signal, it is computed from the waves, sample by sample.

Checked: tests/losses/test_gram.py (float64 at 0 to 100 dB, gradients, half precision, autocast).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["inner_products", "residual_energy"]

_CANCELS = 0.1
"""Residual-to-signal energy under which float32 sums lose more than one digit."""


class _InnerProducts(torch.autograd.Function):
    """Inner products whose gradient costs one matrix product and one pass a side. Can be differentiated twice."""

    @staticmethod
    def forward(ctx: Any, estimates: Tensor, references: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        ctx.save_for_backward(estimates, references)
        dot = torch.matmul(estimates, references.mT)
        estimate_energy = torch.linalg.vecdot(estimates, estimates).unsqueeze(2)
        reference_energy = torch.linalg.vecdot(references, references).unsqueeze(1)
        return dot, estimate_energy, reference_energy

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None]:
        estimates, references = ctx.saved_tensors
        to_dot, to_estimate, to_reference = grads
        grad_estimates = grad_references = None
        if ctx.needs_input_grad[0]:
            grad_estimates = torch.addcmul(to_dot @ references, estimates, to_estimate, value=2)
        if ctx.needs_input_grad[1]:
            grad_references = torch.addcmul(to_dot.mT @ estimates, references, to_reference.mT, value=2)
        return grad_estimates, grad_references


def inner_products(estimates: Tensor, references: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inner products of every estimate with every reference, and all energies. Autocast is off inside.

    Args:
        estimates: ``(batch, est, time)``.
        references: ``(batch, ref, time)``.

    Returns:
        ``(batch, est, ref)``, ``(batch, est, 1)``, ``(batch, 1, ref)``.

    >>> dot, energy, _ = inner_products(torch.ones(1, 1, 4), torch.full((1, 2, 4), 0.5))
    >>> dot, energy
    (tensor([[[2., 2.]]]), tensor([[[4.]]]))
    """
    with torch.autocast(estimates.device.type, enabled=False):
        products: tuple[Tensor, Tensor, Tensor] = _InnerProducts.apply(estimates, references)
    return products


def residual_energy(
    estimates: Tensor, references: Tensor, weight: Tensor | float, products: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """Energy of ``estimate - weight * reference`` for every pair, right also where it is tiny.

    Args:
        estimates: ``(batch, est, time)``.
        references: ``(batch, ref, time)``.
        weight: ``(batch, est, ref)``, or one number.
        products: What ``inner_products`` gave for them.

    Returns:
        ``(batch, est, ref)``, never negative. Its gradient is that of the expansion, which does not cancel.

    >>> wave = torch.tensor([[[1.0, 2.0, 2.0]]])
    >>> residual_energy(wave, wave, 1.0, inner_products(wave, wave))
    tensor([[[0.]]])
    """
    dot, estimate_energy, reference_energy = products
    scaled_energy = weight * weight * reference_energy
    energy = estimate_energy - 2 * weight * dot + scaled_energy
    with torch.no_grad():
        lossy = (energy < _CANCELS * torch.maximum(estimate_energy, scaled_energy)).nonzero(as_tuple=True)
        if lossy[0].numel() == 0:
            return energy
        batch, est, ref = lossy
        gain = weight[lossy].unsqueeze(1) if isinstance(weight, Tensor) else weight
        residual = estimates[batch, est] - gain * references[batch, ref]  # (pair, time)
        lost = torch.zeros_like(energy)
        lost[lossy] = torch.linalg.vecdot(residual, residual) - energy[lossy]
    return energy + lost
