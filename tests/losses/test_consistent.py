"""Mixture-consistent losses: the wrapped loss by hand, alone and with permutation search."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from separate_cli.losses import MixtureConsistentLossWrapper, PITLossWrapper, multisrc_mse, pairwise_mse


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_what_is_missing_is_shared_out_equally_first() -> None:
    estimates, references = waves(2, 3, 50), waves(2, 3, 50, seed=1)
    consistent = estimates + (references.sum(1, keepdim=True) - estimates.sum(1, keepdim=True)) / 3
    found = MixtureConsistentLossWrapper(multisrc_mse, weighting="equal")(estimates, references)
    torch.testing.assert_close(found, multisrc_mse(consistent, references))


@pytest.mark.parametrize("weighting", ["power", "equal"])
def test_the_loss_sees_estimates_that_add_up_to_the_given_mixture(weighting: str) -> None:
    seen: list[Tensor] = []

    def watching(estimates: Tensor, references: Tensor) -> Tensor:
        seen.append(estimates)
        return multisrc_mse(estimates, references)

    mixture = waves(2, 50, seed=2)
    wrapped = MixtureConsistentLossWrapper(watching, weighting=weighting)  # type: ignore[arg-type]
    wrapped(waves(2, 3, 50), waves(2, 3, 50, seed=1), mixture)
    torch.testing.assert_close(seen[0].sum(1), mixture)


def test_it_wraps_the_permutation_search() -> None:
    references = waves(2, 3, 50)
    wrapped = MixtureConsistentLossWrapper(PITLossWrapper(pairwise_mse), weighting="equal")
    loss, reordered = wrapped(references.flip(1) - 0.3, references, return_est=True)
    assert loss < 1e-10
    torch.testing.assert_close(reordered, references)


def test_gradients_in_float64() -> None:
    references = waves(1, 2, 6, seed=1, dtype=torch.float64)
    wrapped = MixtureConsistentLossWrapper(multisrc_mse)
    assert torch.autograd.gradcheck(
        lambda x: wrapped(x, references), (waves(1, 2, 6, dtype=torch.float64).requires_grad_(),)
    )


def test_a_mixture_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="mixture"):
        MixtureConsistentLossWrapper(multisrc_mse)(waves(1, 2, 9), waves(1, 2, 9), waves(1, 8))
