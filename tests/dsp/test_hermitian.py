"""Solves and eigenvalues against NumPy and SciPy, with one thread and with two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import scipy.linalg
import torch

from separate_cli.dsp.hermitian import generalized_eigh, solve_hermitian


@pytest.fixture(params=[1, 2])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def covariances(*shape: int, seed: int = 0) -> torch.Tensor:
    x = torch.randn(*shape, 3 * shape[-1], dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))
    return x @ x.mH


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("n", [2, 4, 8])
def test_solutions_of_large_batches_are_numpys(n: int) -> None:
    matrix, right = covariances(2, 512, n), covariances(2, 512, n, seed=1)
    solved = solve_hermitian(matrix, right)
    np.testing.assert_allclose(solved, np.linalg.solve(matrix.numpy(), right.numpy()), rtol=1e-8, atol=1e-10)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("n", [2, 4])
def test_generalised_eigenvalues_are_scipys(n: int) -> None:
    a, b = covariances(2, 256, n), covariances(2, 256, n, seed=1)
    values, vectors = generalized_eigh(a, b)
    expected = [
        [scipy.linalg.eigh(*pair, eigvals_only=True) for pair in zip(*row, strict=True)]
        for row in zip(a, b, strict=True)
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-8)
    torch.testing.assert_close(a @ vectors, b @ vectors * values.unsqueeze(-2).to(b.dtype))
    torch.testing.assert_close(vectors.mH @ b @ vectors, torch.eye(n, dtype=b.dtype).expand_as(b))


def test_singular_matrices_are_loaded_and_others_in_the_batch_left_alone() -> None:
    good = covariances(4)
    line = torch.randn(4, 1, dtype=torch.complex128)
    batch = torch.stack([good, line @ line.mH, torch.zeros_like(good)])
    right = torch.randn(3, 4, 1, dtype=torch.complex128)
    solved = solve_hermitian(batch, right)
    assert torch.isfinite(torch.view_as_real(solved)).all()
    torch.testing.assert_close(good @ solved[0], right[0])
    # In the direction that the matrix knows, loading by a millionth of the mean hardly shows.
    known = solve_hermitian(batch[1], batch[1] @ line)
    torch.testing.assert_close(known, line, rtol=1e-5, atol=1e-5)


def test_gradients_are_exact() -> None:
    x = torch.randn(2, 3, 5, dtype=torch.complex128, requires_grad=True)
    right = torch.randn(2, 3, 1, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, right: solve_hermitian(x @ x.mH, right), (x, right))
    assert torch.autograd.gradcheck(lambda x: generalized_eigh(x[0] @ x[0].mH, x[1] @ x[1].mH)[0], x)


@pytest.mark.parametrize("matrix", [-torch.eye(2), torch.full((2, 2), torch.nan), torch.ones(2, 3), torch.ones(2)])
def test_what_is_no_covariance_is_refused(matrix: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"positive semi-definite|square"):
        solve_hermitian(matrix, torch.ones(2, 1))
