"""Mean squared errors of any shape, also where they are tiny beside the signals."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from separate_cli.losses import multisrc_mse, pairwise_mse, singlesrc_mse


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("tail", [(50,), (4, 9), (2, 3, 5)])
def test_pairs_are_the_mean_square_of_their_difference(tail: tuple[int, ...]) -> None:
    estimates, references = waves(2, 3, *tail), waves(2, 4, *tail, seed=1)
    expected = (estimates.unsqueeze(2) - references.unsqueeze(1)).square().flatten(3).mean(3)
    torch.testing.assert_close(pairwise_mse(estimates, references), expected)


def test_all_sources_together_are_the_mean_over_everything() -> None:
    estimates, references = waves(2, 3, 4, 9), waves(2, 3, 4, 9, seed=1)
    expected = (estimates - references).square().mean((1, 2, 3))
    torch.testing.assert_close(multisrc_mse(estimates, references), expected)
    torch.testing.assert_close(singlesrc_mse(estimates, references), expected)


def test_tiny_errors_are_exact_in_float32() -> None:
    references = waves(1, 2, 5000)
    estimates = references + 1e-5 * waves(1, 2, 5000, seed=1)
    expected = (estimates.double() - references.double()).square().mean(2)
    found = pairwise_mse(estimates, references).diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=0)


def test_gradients_in_float64() -> None:
    inputs = [waves(1, 2, 3, 4, seed=seed, dtype=torch.float64).requires_grad_() for seed in (0, 1)]
    assert torch.autograd.gradcheck(pairwise_mse, inputs)
    assert torch.autograd.gradcheck(multisrc_mse, inputs)


def test_waves_without_a_source_axis_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(batch, estimate, ...\).*got \(2, 50\) and \(2, 50\)"):
        pairwise_mse(waves(2, 50), waves(2, 50))
