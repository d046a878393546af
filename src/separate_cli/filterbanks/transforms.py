"""Complex frames in real tensors: parts, magnitude and phase, masks, conversions.

    stacked   (..., 2 * freq, frame)  real parts, then imaginary parts, along ``dim`` (-2 unless told), as encoders give
    native    (..., freq, frame)      complex dtype, torch or NumPy
    last-two  (..., freq, frame, 2)   the old torchaudio form

Models work on the stacked form because it needs no complex arithmetic: it runs on every device and exports everywhere.

Checked: tests/filterbanks/test_transforms.py (complex NumPy arithmetic, round trips, gradients at zero).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from separate_cli.filterbanks.recording import is_eager

__all__ = [
    "angle",
    "apply_complex_mask",
    "apply_mag_mask",
    "apply_real_mask",
    "centerfreq_correction",
    "check_complex",
    "check_torchaudio_complex",
    "from_magphase",
    "from_numpy",
    "from_torch_complex",
    "from_torchaudio",
    "is_asteroid_complex",
    "is_torchaudio_complex",
    "mag",
    "magphase",
    "magreim",
    "mul_c",
    "phase_centerfreq_correction",
    "reim",
    "to_numpy",
    "to_torch_complex",
    "to_torchaudio",
]

EPS = 1e-8
"""Inside the square root of ``mag``, so that its gradient is finite at zero."""


def is_asteroid_complex(tensor: Tensor, dim: int = -2) -> bool:
    """Whether ``tensor`` can be a stacked complex tensor: an even number of entries along ``dim``."""
    return tensor.shape[dim] % 2 == 0


def check_complex(tensor: Tensor, dim: int = -2) -> None:
    """Refuse a tensor that cannot be a stacked complex tensor.

    Raises:
        ValueError: If it has an odd number of entries along ``dim``.
    """
    if is_eager() and not is_asteroid_complex(tensor, dim):
        raise ValueError(f"Expected as many real as imaginary parts along axis {dim}, got shape {tuple(tensor.shape)}.")


def reim(x: Tensor, dim: int = -2) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts of a stacked tensor, each ``(..., freq, frame)``."""
    check_complex(x, dim)
    real, imaginary = x.chunk(2, dim)
    return real, imaginary


def mul_c(inp: Tensor, other: Tensor, dim: int = -2) -> Tensor:
    """Complex product of two stacked tensors, stacked.

    >>> mul_c(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [-1.0]])).tolist()  # (1 + 2i) (3 - i) = 5 + 5i
    [[5.0], [5.0]]
    """
    a, b = reim(inp, dim)
    c, d = reim(other, dim)
    return torch.cat([a * c - b * d, b * c + a * d], dim)


def mag(x: Tensor, dim: int = -2, EPS: float = EPS) -> Tensor:
    """Magnitude of a stacked tensor, ``sqrt(re^2 + im^2 + EPS)``, ``(..., freq, frame)``."""
    real, imaginary = reim(x, dim)
    return torch.sqrt(real.square() + imaginary.square() + EPS)


def magreim(x: Tensor, dim: int = -2) -> Tensor:
    """Magnitude, real and imaginary parts along ``dim``, ``(..., 3 * freq, frame)``."""
    return torch.cat([mag(x, dim), x], dim)


def apply_real_mask(tf_rep: Tensor, mask: Tensor, dim: int = -2) -> Tensor:  # noqa: ARG001  one signature for all masks
    """A mask value for every real and every imaginary part: the plain product."""
    return tf_rep * mask


def apply_mag_mask(tf_rep: Tensor, mask: Tensor, dim: int = -2) -> Tensor:
    """Scale a stacked tensor by a real mask, ``(..., freq, frame)``, and keep its phase.

    Raises:
        ValueError: If the mask has another number of frequencies.

    >>> apply_mag_mask(torch.tensor([[1.0], [2.0]]), torch.tensor([[0.5]])).tolist()
    [[0.5], [1.0]]
    """
    check_complex(tf_rep, dim)
    from_end = dim - tf_rep.ndim if dim >= 0 else dim
    if is_eager() and mask.shape[from_end] not in {1, tf_rep.shape[dim] // 2}:
        raise ValueError(f"Expected a mask of {tf_rep.shape[dim] // 2} along axis {dim}, got {tuple(mask.shape)}.")
    parts = torch.unflatten(tf_rep, from_end, (2, -1))  # (..., 2, freq, frame)
    return (parts * mask.unsqueeze(from_end - 1)).flatten(from_end - 1, from_end)


def apply_complex_mask(tf_rep: Tensor, mask: Tensor, dim: int = -2) -> Tensor:
    """Complex product of a stacked tensor and a stacked mask."""
    return mul_c(tf_rep, mask, dim)


def angle(tensor: Tensor, dim: int = -2) -> Tensor:
    """Phase of a stacked tensor in radians, ``(..., freq, frame)``."""
    real, imaginary = reim(tensor, dim)
    return torch.atan2(imaginary, real)


def magphase(spec: Tensor, dim: int = -2) -> tuple[Tensor, Tensor]:
    """Magnitude and phase of a stacked tensor."""
    return mag(spec, dim), angle(spec, dim)


def from_magphase(mag_spec: Tensor, phase: Tensor, dim: int = -2) -> Tensor:
    """The stacked tensor with this magnitude and phase (radians)."""
    return torch.cat([mag_spec * phase.cos(), mag_spec * phase.sin()], dim)


def phase_centerfreq_correction(phase: Tensor, kernel_size: int, stride: int | None = None) -> Tensor:
    """Take out of ``phase`` what each bin's centre frequency turns from frame to frame.

    Args:
        phase: ``(..., freq, frame)`` in radians, ``freq = kernel_size // 2 + 1``.
        kernel_size: Points of the transform.
        stride: Samples between two frames; half the kernel unless given.
    """
    return phase - _advance(phase, kernel_size, stride)


def centerfreq_correction(spec: Tensor, kernel_size: int, stride: int | None = None, dim: int = -2) -> Tensor:
    """The same for a stacked tensor, ``(..., 2 * freq, frame)``: a steady tone becomes nearly constant over frames.

    Raises:
        ValueError: If ``dim`` is the last axis, which holds the frames.
    """
    if dim in {-1, spec.ndim - 1}:
        raise ValueError("The frequencies cannot be along the last axis: it holds the frames.")
    real, imaginary = reim(spec.movedim(dim, -2))
    turn = -_advance(real, kernel_size, stride)
    rotated = mul_c(torch.cat([real, imaginary], -2), torch.cat([turn.cos(), turn.sin()], -2))
    return rotated.movedim(-2, dim)


def _advance(like: Tensor, kernel_size: int, stride: int | None) -> Tensor:
    """Phase advance of bin ``f`` in frame ``t``: ``2 pi f t stride / kernel_size``, ``(freq, frame)``."""
    hop = stride if stride is not None else kernel_size // 2
    bins = torch.arange(like.shape[-2], device=like.device, dtype=like.dtype)
    frames = torch.arange(like.shape[-1], device=like.device, dtype=like.dtype)
    return (2 * math.pi * hop / kernel_size) * bins.unsqueeze(-1) * frames


def to_torch_complex(tensor: Tensor, dim: int = -2) -> Tensor:
    """Stacked to native complex.

    >>> to_torch_complex(torch.tensor([[1.0], [2.0]]))
    tensor([[1.+2.j]])
    """
    return torch.complex(*reim(tensor, dim))


def from_torch_complex(tensor: Tensor, dim: int = -2) -> Tensor:
    """Native complex to stacked.

    Raises:
        ValueError: If the tensor is real.
    """
    if not tensor.is_complex():
        raise ValueError(f"Expected a complex tensor, got {tensor.dtype}.")
    return torch.cat([tensor.real, tensor.imag], dim)


def to_numpy(tensor: Tensor, dim: int = -2) -> np.ndarray[Any, np.dtype[Any]]:
    """Stacked to a complex NumPy array."""
    array: np.ndarray[Any, np.dtype[Any]] = to_torch_complex(tensor.detach().cpu(), dim).numpy()
    return array


def from_numpy(array: np.ndarray[Any, np.dtype[Any]], dim: int = -2) -> Tensor:
    """A complex NumPy array to stacked."""
    return from_torch_complex(torch.from_numpy(array), dim)


def is_torchaudio_complex(x: Tensor) -> bool:
    """Whether ``x`` can be in the last-two form: its last axis has two entries."""
    return x.shape[-1] == 2


def check_torchaudio_complex(tensor: Tensor) -> None:
    """Refuse a tensor that cannot be in the last-two form.

    Raises:
        ValueError: If its last axis has not two entries.
    """
    if not is_torchaudio_complex(tensor):
        raise ValueError(f"Expected real and imaginary parts along the last axis, got shape {tuple(tensor.shape)}.")


def to_torchaudio(tensor: Tensor, dim: int = -2) -> Tensor:
    """Stacked to the last-two form, ``(..., freq, frame, 2)``."""
    return torch.stack(reim(tensor, dim), dim=-1)


def from_torchaudio(tensor: Tensor, dim: int = -2) -> Tensor:
    """The last-two form to stacked; ``dim`` counts the axes of the result."""
    check_torchaudio_complex(tensor)
    return torch.cat(tensor.unbind(-1), dim)
