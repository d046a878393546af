"""All inner products between estimates and references, in one matrix product each way.

    estimates (batch, est, time) ─┬─> dot (batch, est, ref)
    references (batch, ref, time) ┴─> estimate energy (batch, est, 1), reference energy (batch, 1, ref)

Every pairwise ratio or distance between waves is made of these three, so that no ``(batch, est, ref, time)`` tensor is
ever held; its gradient is a matrix product too. Waves are read in blocks that stay in the cache, and never copied
whole: fresh memory costs a CPU more than the arithmetic does.

The price is cancellation: ``|e|² - 2 w <e, s> + w² |s|²`` loses as many digits as the residual is below the signal.
``Gram.residual_energy`` gets them back, at the cost of the few pairs that need it: where the residual is 10 dB or more
below the signal, it is summed from the waves, sample by sample.

Checked: tests/losses/test_gram.py (float64 at 0 to 100 dB, both derivatives, long waves, large means, autocast).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Gram"]

_CANCELS = 0.1
"""Residual-to-signal energy under which float32 sums lose more than one digit."""

_CACHE = 2**18
"""Values of one side that a block holds."""

_FEWEST = 1024
"""Samples below which a block costs more to start than to compute."""

_RUN = 8192
"""Samples that BLAS may add up in one go: its running sums are off by 5e-4 after a million."""


@dataclass(frozen=True)
class Gram:
    """Inner products of every estimate with every reference, and all energies; made by ``Gram.of``.

    Attributes:
        dot: ``(batch, est, ref)``.
        estimate_energy: ``(batch, est, 1)``.
        reference_energy: ``(batch, 1, ref)``.
    """

    dot: Tensor
    estimate_energy: Tensor
    reference_energy: Tensor
    _estimates: Tensor
    _references: Tensor
    _means: tuple[Tensor, Tensor] | None

    @classmethod
    def of(cls, estimates: Tensor, references: Tensor, *, zero_mean: bool = False) -> Gram:
        """Multiply, in full precision also under autocast.

        Args:
            estimates: ``(batch, est, time)``, float32 or float64.
            references: ``(batch, ref, time)``, the same type.
            zero_mean: Take the mean over time out of each wave first.

        >>> gram = Gram.of(torch.ones(1, 1, 4), torch.full((1, 2, 4), 0.5))
        >>> gram.dot, gram.estimate_energy
        (tensor([[[2., 2.]]]), tensor([[[4.]]]))
        """
        means = _means(estimates, references) if zero_mean else None
        products: tuple[Tensor, Tensor, Tensor] = _InnerProducts.apply(estimates, references, means)
        gram = cls(*products, estimates, references, means)
        if means is None or not gram._mean_cancels(means):
            return gram
        return cls.of(estimates - estimates.mean(-1, keepdim=True), references - references.mean(-1, keepdim=True))

    def residual_energy(self, weight: Tensor | float) -> Tensor:
        """Energy of ``estimate - weight * reference`` for every pair, right also where it is tiny.

        Args:
            weight: ``(batch, est, ref)``, or one number.

        Returns:
            ``(batch, est, ref)``, never negative. Its gradient is that of the expansion, which does not cancel.

        >>> wave = torch.tensor([[[1.0, 2.0, 2.0]]])
        >>> Gram.of(wave, wave).residual_energy(1.0)
        tensor([[[0.]]])
        """
        scaled_energy = weight * weight * self.reference_energy
        energy = self.estimate_energy - 2 * weight * self.dot + scaled_energy
        with torch.no_grad():
            value = energy.detach()
            lossy = energy < _CANCELS * torch.maximum(self.estimate_energy, scaled_energy)
            while lossy.any():  # one round, or as many as an estimate resembles references
                picked = lossy & (lossy.cumsum(2) == 1)
                value = torch.where(picked, self._exact_residual_energy((picked * weight).to(energy.dtype)), value)
                lossy = lossy & ~picked
        return value + (energy - energy.detach())  # the exact value, with the expansion's gradient

    def _exact_residual_energy(self, weight: Tensor) -> Tensor:
        """``(batch, est, 1)``: energy of ``estimates - weight @ references``."""
        mean = 0 if self._means is None else self._means[0] - _matmul(weight, self._means[1])
        blocks = _blocks(self._estimates, self._references)
        return torch.stack([_energy(_matmul(weight, ref).sub_(est).add_(mean)) for est, ref in blocks]).sum(0)

    def _mean_cancels(self, means: tuple[Tensor, Tensor]) -> bool:
        """Whether a wave is so far off zero that taking its mean out of the sums afterwards costs digits."""
        time = self._estimates.shape[-1]
        energies = (self.estimate_energy, self.reference_energy.mT)
        return any(
            bool((time * mean * mean > _CANCELS * energy).any()) for mean, energy in zip(means, energies, strict=True)
        )


class _InnerProducts(torch.autograd.Function):
    """Inner products whose gradient costs one matrix product and one pass a side. Can be differentiated twice."""

    @staticmethod
    def forward(
        ctx: Any, estimates: Tensor, references: Tensor, means: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.save_for_backward(estimates, references)
        ctx.zero_mean = means is not None
        products = [
            (_matmul(est, ref.mT), _energy(est), _energy(ref).mT) for est, ref in _blocks(estimates, references)
        ]
        dot, estimate_energy, reference_energy = (torch.stack(parts).sum(0) for parts in zip(*products, strict=True))
        if means is not None:
            est_mean, ref_mean = means[0], means[1].mT
            time = estimates.shape[-1]
            dot -= time * est_mean * ref_mean
            estimate_energy -= time * est_mean * est_mean
            reference_energy -= time * ref_mean * ref_mean
        return dot, estimate_energy, reference_energy

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        estimates, references = ctx.saved_tensors
        to_dot, to_estimate, to_reference = grads
        grad_estimates = grad_references = None
        if ctx.needs_input_grad[0]:
            grad_estimates = _mixed(to_dot, references, to_estimate, estimates, zero_mean=ctx.zero_mean)
        if ctx.needs_input_grad[1]:
            grad_references = _mixed(to_dot.mT, estimates, to_reference.mT, references, zero_mean=ctx.zero_mean)
        return grad_estimates, grad_references, None


def _mixed(to_dot: Tensor, others: Tensor, to_energy: Tensor, own: Tensor, *, zero_mean: bool) -> Tensor:
    """``to_dot @ others + 2 to_energy own``; its mean goes out last, which is the same as taking it out of both."""
    mixed = _matmul(to_dot, others).addcmul_(own, to_energy, value=2)
    return mixed.sub_(mixed.mean(-1, keepdim=True)) if zero_mean else mixed


def _means(estimates: Tensor, references: Tensor) -> tuple[Tensor, Tensor]:
    return estimates.detach().mean(-1, keepdim=True), references.detach().mean(-1, keepdim=True)


def _blocks(estimates: Tensor, references: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Both waves, block by block; one block on a GPU, whose caches are another matter."""
    batch, sources, time = estimates.shape
    size = min(_RUN, max(_FEWEST, _CACHE // (batch * sources))) if estimates.device.type == "cpu" else time
    for start in range(0, time, size):
        yield estimates[..., start : start + size], references[..., start : start + size]


def _energy(waves: Tensor) -> Tensor:
    """``(batch, source, time)`` → ``(batch, source, 1)``; by the norm, which holds no squares in memory."""
    norm: Tensor = torch.linalg.vector_norm(waves, dim=-1, keepdim=True)
    return norm.square()


def _matmul(left: Tensor, right: Tensor) -> Tensor:
    """``left @ right`` in full precision, whatever autocast and the user's matrix-product settings allow."""
    if left.shape[1] == right.shape[2] == 1:
        return (left * right.mT).sum(-1, keepdim=True)  # BLAS adds a lone dot product up less exactly
    with torch.autocast(left.device.type, enabled=False):
        if left.is_cuda and left.dtype == torch.float32 and torch.get_float32_matmul_precision() != "highest":
            return (left.double() @ right.double()).float()  # TF32 would round the factors to 10 bits
        return left @ right
