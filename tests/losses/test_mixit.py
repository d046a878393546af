"""Mixture-invariant training against brute force."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from separate_cli.losses import MixITLossWrapper, multisrc_mse, multisrc_neg_snr, pairwise_mse


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("mixtures", [1, 2, 3])
@pytest.mark.parametrize("generalized", [False, True])
def test_the_best_of_all_assignments_is_found(mixtures: int, generalized: bool) -> None:
    estimates, targets = waves(3, 6, 40), waves(3, mixtures, 40, seed=1)
    found = MixITLossWrapper(multisrc_mse, generalized, reduction="none")(estimates, targets)
    best = torch.full((3,), torch.inf)
    for owners in itertools.product(range(mixtures), repeat=6):
        if not generalized and any(owners.count(m) != 6 // mixtures for m in range(mixtures)):
            continue
        mixing = torch.nn.functional.one_hot(torch.tensor(owners), mixtures).float().T
        best = torch.minimum(best, (mixing @ estimates - targets).square().mean((1, 2)))
    torch.testing.assert_close(found, best)


def test_estimated_mixtures_are_sums_of_sources() -> None:
    sources = waves(2, 5, 100)
    targets = torch.stack([sources[:, [0, 3, 4]].sum(1), sources[:, [1, 2]].sum(1)], dim=1)
    loss, mixed = MixITLossWrapper(multisrc_neg_snr)(sources, targets, return_est=True)
    assert loss < -60
    torch.testing.assert_close(mixed, targets)


def test_a_mixture_may_get_no_source_when_generalized() -> None:
    sources = waves(1, 3, 100)
    targets = torch.stack([torch.zeros(1, 100), sources.sum(1)], dim=1)
    assert MixITLossWrapper(multisrc_mse)(sources, targets).item() == pytest.approx(0, abs=1e-12)


def test_gradients_in_float64_and_of_the_best_assignment_only() -> None:
    calls = []

    def watched(estimates: Tensor, targets: Tensor) -> Tensor:
        calls.append(torch.is_grad_enabled())
        return multisrc_neg_snr(estimates, targets)

    leaf = waves(1, 3, 8, dtype=torch.float64).requires_grad_()
    targets = waves(1, 2, 8, seed=1, dtype=torch.float64)
    MixITLossWrapper(watched)(leaf, targets).backward()
    assert calls == [False] * 8 + [True]
    assert torch.autograd.gradcheck(lambda x: MixITLossWrapper(multisrc_neg_snr)(x, targets), (leaf,))


def test_keyword_arguments_reach_the_loss() -> None:
    def scaled(estimates: Tensor, targets: Tensor, *, factor: float) -> Tensor:
        return factor * multisrc_mse(estimates, targets)

    estimates, targets = waves(2, 4, 20), waves(2, 2, 20, seed=1)
    plain = MixITLossWrapper(multisrc_mse)(estimates, targets)
    torch.testing.assert_close(MixITLossWrapper(scaled)(estimates, targets, factor=2.0), 2 * plain)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MixITLossWrapper(multisrc_mse, reduction="sum"), "'mean' or 'none', got 'sum'"),  # type: ignore[arg-type]
        (lambda: MixITLossWrapper(multisrc_mse, False)(waves(1, 5, 9), waves(1, 2, 9)), "share equally, got 5"),
        (lambda: MixITLossWrapper(multisrc_mse)(waves(1, 17, 9), waves(1, 2, 9)), r"at most 65536.*2\^17"),
        (lambda: MixITLossWrapper(multisrc_mse)(waves(1, 2, 9), waves(1, 2, 8)), r"got \(1, 2, 9\) and \(1, 2, 8\)"),
        (lambda: MixITLossWrapper(pairwise_mse)(waves(1, 2, 9), waves(1, 2, 9)), r"= \(1,\), got \(1, 2, 2\)"),
        (lambda: MixITLossWrapper(lambda e, t: (e * torch.nan).sum((1, 2)))(waves(1, 2, 9), waves(1, 1, 9)), "NaN"),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
