"""Inner products: exact where float32 cancels, right in both derivatives, indifferent to autocast."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from separate_cli.losses import gram
from separate_cli.losses.gram import Gram


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def direct(estimates: Tensor, references: Tensor, weight: float) -> Tensor:
    """``(batch, est, ref)`` residual energies in float64, pair by pair."""
    estimates, references = estimates.double(), references.double()
    return (estimates.unsqueeze(2) - weight * references.unsqueeze(1)).square().sum(-1)


@pytest.mark.parametrize("ratio_db", [0, 20, 40, 60, 80, 100])
def test_residuals_keep_five_digits_at_any_ratio(ratio_db: int) -> None:
    references = waves(3, 4, 9000)
    estimates = references.flip(1) + 10 ** (-ratio_db / 20) * waves(3, 4, 9000, seed=1)
    found = Gram.of(estimates, references).residual_energy(1.0)
    torch.testing.assert_close(found.double(), direct(estimates, references, 1.0), rtol=2e-5, atol=0)


def test_an_estimate_that_resembles_several_references_is_exact_for_each() -> None:
    wave = waves(1, 1, 5000)
    references = wave + 1e-3 * waves(1, 3, 5000, seed=1)
    estimates = wave + 1e-3 * waves(1, 2, 5000, seed=2)
    found = Gram.of(estimates, references).residual_energy(1.0)
    torch.testing.assert_close(found.double(), direct(estimates, references, 1.0), rtol=2e-5, atol=0)


def test_a_large_mean_is_taken_out_before_anything_is_squared() -> None:
    references, estimates = 0.01 * waves(2, 3, 20_000), 0.01 * waves(2, 2, 20_000, seed=1)
    plain = Gram.of(estimates, references, zero_mean=True)
    offset = Gram.of(estimates + 1, references - 1, zero_mean=True)
    torch.testing.assert_close(offset.dot, plain.dot, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(offset.residual_energy(1.0), plain.residual_energy(1.0), rtol=1e-4, atol=0)


def test_long_waves_lose_no_digits_to_running_sums() -> None:
    wave = waves(1, 2, 1_000_000)
    found = Gram.of(wave, wave)
    expected = wave.double().square().sum(-1)
    torch.testing.assert_close(found.dot.diagonal(dim1=1, dim2=2).double(), expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(found.estimate_energy[..., 0].double(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("zero_mean", [False, True])
def test_first_and_second_derivatives(zero_mean: bool) -> None:
    estimates = waves(2, 3, 12, dtype=torch.float64).requires_grad_()
    references = waves(2, 2, 12, seed=1, dtype=torch.float64).requires_grad_()

    def products(estimates: Tensor, references: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = Gram.of(estimates, references, zero_mean=zero_mean)
        return found.dot, found.estimate_energy, found.reference_energy

    assert torch.autograd.gradcheck(products, (estimates, references))
    assert torch.autograd.gradgradcheck(products, (estimates, references))


@pytest.mark.parametrize("ratio_db", [40, 60, 80])
def test_gradients_of_residuals_are_right_where_float32_cancels(ratio_db: int) -> None:
    references = waves(1, 2, 4000)
    estimates = references + 10 ** (-ratio_db / 20) * waves(1, 2, 4000, seed=1)
    leaf = estimates.clone().requires_grad_()
    Gram.of(leaf, references).residual_energy(1.0).diagonal(dim1=1, dim2=2).sum().backward()
    expected = 2 * (estimates.double() - references.double())
    assert leaf.grad is not None
    error = (leaf.grad - expected).norm() / expected.norm()
    assert error < 3e-7 * 10 ** (ratio_db / 20)  # float32 rounding of the waves themselves, no more


def test_autocast_does_not_round_sums_or_gradients() -> None:
    estimates, references = waves(2, 2, 3000).requires_grad_(), waves(2, 2, 3000, seed=1)
    expected = Gram.of(estimates, references).residual_energy(1.0)
    expected_grad = torch.autograd.grad(expected.sum(), estimates)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Gram.of(estimates, references).residual_energy(1.0)
        grad = torch.autograd.grad(found.sum(), estimates)[0]
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)
    assert torch.equal(grad, expected_grad)


def test_blocks_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    estimates, references = waves(2, 3, 1000), waves(2, 2, 1000, seed=1)
    whole = Gram.of(estimates, references, zero_mean=True)
    monkeypatch.setattr(gram, "_RUN", 70)
    blocks = Gram.of(estimates, references, zero_mean=True)
    torch.testing.assert_close(blocks.dot, whole.dot, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(blocks.residual_energy(0.9), whole.residual_energy(0.9), rtol=1e-5, atol=1e-4)
