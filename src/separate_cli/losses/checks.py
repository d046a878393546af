"""What every loss asks of its inputs, and how it says no.

A loss is the boundary between a model and its training: a wrong shape that broadcasts, or a NaN that spreads, costs
days. So each loss checks shape, number type and device before it computes, and that the result is finite after.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["check_finite", "check_same_shape", "check_sources", "promoted"]


def promoted(estimates: Tensor, references: Tensor) -> tuple[Tensor, Tensor]:
    """Both tensors in one floating-point type of at least 32 bits, so that long sums stay accurate.

    Raises:
        ValueError: If either is not real floating point, is empty, or is on another device.
    """
    for name, tensor in (("estimates", estimates), ("references", references)):
        if not tensor.is_floating_point():
            raise ValueError(f"Expected {name} of a real floating-point type, got {tensor.dtype}.")
        if tensor.numel() == 0:
            raise ValueError(f"Expected {name} with at least one value, got shape {tuple(tensor.shape)}.")
    if estimates.device != references.device:
        raise ValueError(
            f"Expected both on one device, got estimates on {estimates.device}, references on {references.device}."
        )
    dtype = torch.promote_types(torch.promote_types(estimates.dtype, references.dtype), torch.float32)
    return estimates.to(dtype), references.to(dtype)


def check_same_shape(estimates: Tensor, references: Tensor, *, axes: str) -> tuple[Tensor, Tensor]:
    """Promoted inputs of one shape, whose axes are named by ``axes``: ``"batch, time"``; ``...`` stands for any.

    Raises:
        ValueError: If the shapes differ, or are not of that many axes.
    """
    names = axes.split(", ")
    count = len(names) - names.count("...")
    fits = estimates.ndim >= count if "..." in names else estimates.ndim == count
    if not fits or estimates.shape != references.shape:
        raise ValueError(
            f"Expected estimates and references of one shape ({axes}), "
            f"got {tuple(estimates.shape)} and {tuple(references.shape)}."
        )
    return promoted(estimates, references)


def check_sources(estimates: Tensor, references: Tensor, *, ndim: int | None = None) -> tuple[Tensor, Tensor]:
    """Promoted inputs ``(batch, estimate, ...)`` and ``(batch, reference, ...)`` that agree but in the second axis.

    Args:
        estimates: The estimates.
        references: The references.
        ndim: Number of axes that both must have; None for at least three.

    Raises:
        ValueError: If they do not agree.
    """
    enough = estimates.ndim >= 3 if ndim is None else estimates.ndim == ndim
    if (
        not enough
        or estimates.ndim != references.ndim
        or estimates.shape[0] != references.shape[0]
        or estimates.shape[2:] != references.shape[2:]
    ):
        tail = "time" if ndim == 3 else "..."
        raise ValueError(
            f"Expected estimates (batch, estimate, {tail}) and references (batch, reference, {tail}) that agree in "
            f"batch and {tail}, got {tuple(estimates.shape)} and {tuple(references.shape)}."
        )
    return promoted(estimates, references)


def check_finite(loss: Tensor, estimates: Tensor, references: Tensor) -> Tensor:
    """``loss`` itself, when all of it is finite. Skipped while compiling, where it would break the graph.

    Raises:
        ValueError: If it is not; says which input holds NaN or infinity, if one does.
    """
    if torch.compiler.is_compiling() or bool(loss.isfinite().all()):
        return loss
    for name, tensor in (("estimates", estimates), ("references", references)):
        bad = int((~tensor.isfinite()).sum())
        if bad:
            raise ValueError(f"Expected finite {name}, got {bad} NaN or infinite values of {tensor.numel()}.")
    raise ValueError(
        "Expected a finite loss, got NaN or infinity from finite inputs: with an energy floor of 0 a silent or perfect "
        "signal divides by zero, and values near the largest float overflow when squared."
    )
