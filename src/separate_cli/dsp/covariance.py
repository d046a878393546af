"""Spatial covariance matrices: which microphones hear the same, and how much, at every frequency.

    spectra (batch, mic, freq, frame), complex --weighted by a mask, averaged over frames--> (batch, mic, mic, freq)

Checked: tests/dsp/test_covariance.py (NumPy's einsum, golden numbers).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from separate_cli.dsp.hermitian import widen

__all__ = ["SCM", "check_spectra", "compute_scm", "matrices_of"]


def compute_scm(x: Tensor, mask: Tensor | None = None, normalize: bool = True) -> Tensor:
    """Spatial covariance matrices, averaged over frames.

    Args:
        x: Complex spectra, ``(batch, mic, freq, frame)``.
        mask: Weights of the frames, ``(batch, freq, frame)`` or ``(batch, 1 or mic, freq, frame)``.
        normalize: Divide by the sum of the mask (without a mask: by the number of frames).

    Returns:
        ``(batch, mic, mic, freq)``; ``[b, i, j]`` is the mean of ``x_i conj(x_j)``.

    Raises:
        ValueError: If ``x`` is not complex and 4-D, or the mask does not fit.

    >>> compute_scm(torch.tensor([1.0 + 0j, 1j]).reshape(1, 2, 1, 1)).squeeze()
    tensor([[1.+0.j, 0.-1.j],
            [0.+1.j, 1.+0.j]])
    """
    batch, mics, freqs, frames = check_spectra(x).shape
    weights = torch.ones_like(x[:, :1].real) if mask is None else mask if mask.ndim == 4 else mask.unsqueeze(1)
    if weights.shape not in {(batch, 1, freqs, frames), (batch, mics, freqs, frames)}:
        raise ValueError(f"Expected a mask of shape {(batch, freqs, frames)}, got {tuple(weights.shape)}.")
    weighted = (x * weights).transpose(1, 2)  # (batch, freq, mic, frame)
    scm = (weighted @ x.transpose(1, 2).mH).permute(0, 2, 3, 1)  # (batch, mic, mic, freq)
    return scm / weights.sum(-1).clamp(min=1e-10).unsqueeze(2) if normalize else scm


class SCM(nn.Module):
    """``compute_scm`` as a module."""

    def forward(self, x: Tensor, mask: Tensor | None = None, normalize: bool = True) -> Tensor:
        """See ``compute_scm``."""
        return compute_scm(x, mask, normalize)


def check_spectra(x: Tensor) -> Tensor:
    """``x``, if it is complex and 4-D.

    Raises:
        ValueError: If it is not.
    """
    if x.ndim != 4 or not x.is_complex():
        raise ValueError(f"Expected complex spectra (batch, mic, freq, frame), got {x.dtype} {tuple(x.shape)}.")
    return x


def matrices_of(*scms: Tensor) -> list[Tensor]:
    """Covariances ``(batch, mic, mic, freq)`` as matrices ``(batch, freq, mic, mic)`` in double precision.

    Raises:
        ValueError: If they are not square, or differ in shape.
    """
    for scm in scms:
        if scm.ndim != 4 or scm.shape[1] != scm.shape[2] or scm.shape != scms[0].shape:
            raise ValueError(f"Expected covariances (batch, mic, mic, freq), got {[tuple(s.shape) for s in scms]}.")
    return [widen(scm).permute(0, 3, 1, 2) for scm in scms]
