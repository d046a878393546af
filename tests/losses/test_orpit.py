"""One-and-rest training against brute force, with padding, and applied again to its own rest."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from separate_cli.losses import ORPITLossWrapper, singlesrc_mse, singlesrc_neg_snr


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def brute(estimates: Tensor, references: Tensor) -> Tensor:
    """Least loss of one item over all choices of the one."""
    others = len(references) - 1
    return torch.stack(
        [
            (estimates[0] - one).square().mean() + (estimates[1] - references.sum(0) + one).square().mean() / others
            for one in references
        ]
    ).min()


@pytest.mark.parametrize("sources", [2, 3, 5])
def test_the_best_choice_of_the_one_is_found(sources: int) -> None:
    estimates, references = waves(4, 2, 50), waves(4, sources, 50, seed=1)
    expected = torch.stack([brute(estimates[b], references[b]) for b in range(4)]).mean()
    torch.testing.assert_close(ORPITLossWrapper(singlesrc_mse)(estimates, references), expected)


def test_silent_padding_changes_nothing() -> None:
    estimates, references = waves(3, 2, 50), waves(3, 3, 50, seed=1)
    padded = torch.cat([torch.zeros(3, 2, 50), references], dim=1)
    loss, indices = ORPITLossWrapper(singlesrc_mse)(estimates, references, return_index=True)
    padded_loss, padded_indices = ORPITLossWrapper(singlesrc_mse)(estimates, padded, return_index=True)
    torch.testing.assert_close(padded_loss, loss)
    assert torch.equal(padded_indices, indices + 2)


def test_recursion_ends_with_all_sources() -> None:
    sources = waves(1, 4, 200)
    wrapped, remaining = ORPITLossWrapper(singlesrc_neg_snr), sources
    while remaining.shape[1] > 1:
        estimates = torch.stack([remaining[:, -1], remaining[:, :-1].sum(1)], dim=1)
        loss, index = wrapped(estimates, remaining, return_index=True) if remaining.shape[1] > 2 else (None, None)
        if loss is not None:
            assert loss < -60 and index.item() == remaining.shape[1] - 1
        remaining = remaining[:, :-1]
    assert torch.equal(remaining, sources[:, :1])


def test_gradients_in_float64() -> None:
    references = waves(2, 3, 9, seed=1, dtype=torch.float64)
    estimates = waves(2, 2, 9, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ORPITLossWrapper(singlesrc_neg_snr)(x, references), (estimates,))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"estimates \(batch, 2, time\).*got \(1, 3, 9\)"):
        ORPITLossWrapper(singlesrc_mse)(waves(1, 3, 9), waves(1, 3, 9))
    with pytest.raises(ValueError, match=r"at least two active references in each item, got \[1\]"):
        ORPITLossWrapper(singlesrc_mse)(waves(1, 2, 9), torch.stack([waves(1, 9), torch.zeros(1, 9)], dim=1))
    with pytest.raises(ValueError, match=r"loss of a pair to give \(batch,\) = \(1,\), got \(1, 9\)"):
        ORPITLossWrapper(torch.subtract)(waves(1, 2, 9), waves(1, 2, 9))
