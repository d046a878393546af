"""Linear algebra on batches of small Hermitian matrices, in double precision, by Cholesky and eigenvalues only.

Spatial covariances are Hermitian and, but for too few frames or silence, positive definite. A matrix that is not is
loaded on its diagonal until it is. LU factorisations are avoided: in batches they are less accurate, and with some
builds and thread counts they fail.

Checked: tests/dsp/test_hermitian.py (NumPy and SciPy, with one and two threads; singular matrices).
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["generalized_eigh", "solve_hermitian", "widen"]

_LOADING = 1e-6
"""Share of the mean eigenvalue that is added where a matrix is singular."""


def widen(x: Tensor) -> Tensor:
    """``x`` as complex128, or complex64 where the device has no doubles."""
    return x.to(torch.complex64 if x.device.type == "mps" else torch.complex128)


def solve_hermitian(matrix: Tensor, right: Tensor) -> Tensor:
    """Solve ``matrix @ x = right``.

    Args:
        matrix: Hermitian and positive semi-definite, ``(..., n, n)``.
        right: ``(..., n, k)``.

    Returns:
        ``(..., n, k)`` in double precision.

    Raises:
        ValueError: If a matrix is not positive semi-definite.

    >>> solve_hermitian(torch.eye(2) * 2, torch.ones(2, 1)).real.flatten()
    tensor([0.5000, 0.5000], dtype=torch.float64)
    """
    return torch.cholesky_solve(widen(right), _cholesky(matrix))


def generalized_eigh(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and vectors of ``a v = b v lambda``, for Hermitian ``a`` and positive definite ``b``.

    Args:
        a: ``(..., n, n)``.
        b: ``(..., n, n)``.

    Returns:
        Eigenvalues ``(..., n)``, ascending, and eigenvectors ``(..., n, n)`` in columns with ``v^H b v = 1``.

    Raises:
        ValueError: If a matrix ``b`` is not positive semi-definite.

    >>> generalized_eigh(torch.diag(torch.tensor([6.0, 2.0])), 2 * torch.eye(2))[0].round(decimals=6)
    tensor([1., 3.], dtype=torch.float64)
    """
    factor = _cholesky(b)
    half = torch.linalg.solve_triangular(factor, widen(a), upper=False)
    whitened = torch.linalg.solve_triangular(factor, half.mH, upper=False).mH
    values, vectors = torch.linalg.eigh((whitened + whitened.mH) / 2)
    return values, torch.linalg.solve_triangular(factor.mH, vectors, upper=True)


def _cholesky(matrix: Tensor) -> Tensor:
    """Lower factor of ``matrix``, loaded on its diagonal where it is singular."""
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ValueError(f"Expected square matrices (..., n, n), got {tuple(matrix.shape)}.")
    wide = widen(matrix)
    wide = (wide + wide.mH) / 2
    mean = wide.diagonal(dim1=-2, dim2=-1).real.mean(-1)
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(wide)
    pivots = factor.diagonal(dim1=-2, dim2=-1).real.square().amin(-1)
    singular = (failed > 0) | (pivots <= 1e-12 * mean)
    if not bool(singular.any()):
        return factor
    # Silence has no mean either: any multiple of the identity will do.
    loading = torch.where(singular, _LOADING * torch.where(mean > 0, mean, 1), 0)
    factor, failed = torch.linalg.cholesky_ex(wide + torch.diag_embed(loading.unsqueeze(-1).expand(wide.shape[:-1])))
    if bool((failed > 0).any()) or not bool(torch.isfinite(mean).all()):
        raise ValueError("Expected positive semi-definite matrices of finite numbers.")
    return factor
