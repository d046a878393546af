"""Permutation-invariant training: every permutation, every mode, every shape."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from separate_cli.losses import (
    PITLossWrapper,
    PITReorder,
    multisrc_mse,
    multisrc_neg_sisdr,
    pairwise_mse,
    pairwise_neg_sisdr,
    pairwise_neg_snr,
    singlesrc_mse,
    singlesrc_neg_sisdr,
)

MODES: list[tuple[Any, Any]] = [
    ("pw_mtx", pairwise_neg_sisdr),
    ("pw_pt", singlesrc_neg_sisdr),
    ("perm_avg", multisrc_neg_sisdr),
]


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("sources", [2, 3, 4, 5])
@pytest.mark.parametrize(("pit_from", "loss"), MODES, ids=[mode for mode, _ in MODES])
def test_every_permutation_is_recovered(sources: int, pit_from: Any, loss: Any) -> None:
    references = waves(1, sources, 60)
    wrapped = PITLossWrapper(loss, pit_from=pit_from)
    orders = list(itertools.permutations(range(sources)))
    estimates = torch.cat([references[:, order] for order in orders])  # one batch item a permutation
    step = 24
    for start in range(0, len(orders), step):
        batch = estimates[start : start + step]
        value, reordered = wrapped(batch, references.expand(len(batch), -1, -1), return_est=True)
        assert value < -60
        assert torch.equal(reordered, references.expand(len(batch), -1, -1))


def test_items_of_a_batch_are_permuted_on_their_own() -> None:
    references = waves(3, 3, 80)
    orders = torch.tensor([[2, 0, 1], [0, 1, 2], [1, 2, 0]])
    shuffled = PITLossWrapper.reorder_source(references, orders)
    _, reordered = PITLossWrapper(pairwise_neg_snr)(shuffled, references, return_est=True)
    assert torch.equal(reordered, references)


@pytest.mark.parametrize(("pit_from", "loss"), MODES, ids=[mode for mode, _ in MODES])
def test_modes_agree_in_value_and_gradient(pit_from: Any, loss: Any) -> None:
    estimates, references = waves(4, 3, 200), waves(4, 3, 200, seed=1)
    grads = []
    for mode, function in ((pit_from, loss), MODES[0]):
        leaf = estimates.clone().requires_grad_()
        PITLossWrapper(function, pit_from=mode)(leaf, references).backward()
        assert leaf.grad is not None
        grads.append(leaf.grad)
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-4, atol=1e-6)


def test_gradients_in_float64() -> None:
    estimates = waves(2, 2, 6, dtype=torch.float64).requires_grad_()
    references = waves(2, 2, 6, seed=1, dtype=torch.float64)
    for pit_from, loss in MODES:
        wrapped = PITLossWrapper(loss, pit_from=pit_from)
        assert torch.autograd.gradcheck(lambda x, wrapped=wrapped: wrapped(x, references), (estimates,))


@pytest.mark.parametrize("sources", [3, 6])
def test_static_searches_agree(sources: int) -> None:
    pairwise = waves(5, sources, sources)
    for search in (PITLossWrapper.find_best_perm_factorial, PITLossWrapper.find_best_perm_hungarian):
        loss, indices = search(pairwise)
        expected_loss, expected = PITLossWrapper.find_best_perm(pairwise)
        assert torch.equal(indices, expected)
        torch.testing.assert_close(loss, expected_loss)


def test_pairwise_losses_from_a_loss_of_one_pair() -> None:
    estimates, references = waves(2, 3, 50), waves(2, 2, 50, seed=1)
    found = PITLossWrapper.get_pw_losses(singlesrc_mse, estimates, references)
    torch.testing.assert_close(found, pairwise_mse(estimates, references))


def test_a_scalar_loss_of_a_pair_counts_for_the_whole_batch() -> None:
    estimates, references = waves(2, 2, 50), waves(2, 2, 50, seed=1)
    value = PITLossWrapper(torch.nn.functional.l1_loss, "pw_pt")(estimates, references)
    straight, crossed = ((estimates - order).abs().mean() for order in (references, references.flip(1)))
    torch.testing.assert_close(value, torch.minimum(straight, crossed))


def test_keyword_arguments_reach_the_loss_and_the_reduction() -> None:
    def scaled(estimates: Tensor, references: Tensor, *, factor: float) -> Tensor:
        return factor * pairwise_mse(estimates, references)

    def worst(losses: Tensor, *, power: float) -> Tensor:
        assert losses.shape == (2, 6, 3)
        return losses.amax(-1) ** power

    estimates, references = waves(2, 3, 50), waves(2, 3, 50, seed=1)
    plain = PITLossWrapper(pairwise_mse)(estimates, references)
    torch.testing.assert_close(PITLossWrapper(scaled)(estimates, references, factor=3.0), 3 * plain)
    reduced = PITLossWrapper(scaled, perm_reduce=worst)
    found = reduced(estimates, references, reduce_kwargs={"power": 2.0}, factor=1.0)
    matrix = pairwise_mse(estimates, references)
    orders = [list(order) for order in itertools.permutations(range(3))]
    brute = torch.stack([matrix[:, order, range(3)].amax(1) for order in orders]).amin(0)
    torch.testing.assert_close(found, (brute**2).mean())


def test_more_estimates_than_references_keep_the_best() -> None:
    references = waves(2, 2, 100)
    estimates = torch.cat([waves(2, 2, 100, seed=1), references.flip(1)], dim=1)[:, [0, 2, 1, 3]]
    for pit_from, loss in MODES[:2]:
        value, kept = PITLossWrapper(loss, pit_from=pit_from)(estimates, references, return_est=True)
        assert value < -60
        assert torch.equal(kept, references)


def test_twenty_sources_are_matched_and_trained() -> None:
    references = waves(2, 20, 300)
    leaf = (references[:, torch.randperm(20, generator=torch.Generator().manual_seed(0))] * 0.5).requires_grad_()
    value, reordered = PITLossWrapper(pairwise_neg_snr)(leaf, references, return_est=True)
    torch.testing.assert_close(reordered, references * 0.5)
    value.backward()
    assert value.item() == pytest.approx(-20 * torch.log10(torch.tensor(2.0)).item(), abs=1e-4)
    assert leaf.grad is not None and bool(leaf.grad.abs().sum((0, 2)).gt(0).all())


def test_only_the_best_order_of_a_loss_of_all_sources_is_differentiated() -> None:
    calls = []

    def watched(estimates: Tensor, references: Tensor) -> Tensor:
        calls.append(torch.is_grad_enabled())
        return multisrc_mse(estimates, references)

    leaf = waves(2, 3, 20).requires_grad_()
    PITLossWrapper(watched, "perm_avg")(leaf, waves(2, 3, 20, seed=1)).backward()
    assert calls == [False] * 6 + [True]


@pytest.mark.parametrize("shape", [(2, 3, 40), (2, 3, 4, 40), (2, 3, 2, 4, 10)])
def test_spectra_and_channels_are_sources_too(shape: tuple[int, ...]) -> None:
    references = waves(*shape)
    assert torch.equal(PITReorder(pairwise_mse)(references.flip(1), references), references)
    assert torch.equal(PITReorder(multisrc_mse, "perm_avg")(references.flip(1), references), references)


def test_reordering_passes_gradients() -> None:
    leaf = waves(1, 2, 30).requires_grad_()
    PITReorder(pairwise_mse)(leaf, leaf.detach().flip(1))[:, 0].sum().backward()
    assert leaf.grad is not None
    assert torch.equal(leaf.grad, torch.tensor([[[0.0], [1.0]]]).expand(1, 2, 30))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PITLossWrapper(pairwise_mse, "pw_matrix"), "one of pw_mtx, pw_pt, perm_avg, got 'pw_matrix'"),  # type: ignore[arg-type]
        (lambda: PITLossWrapper(multisrc_mse, "perm_avg", perm_reduce=torch.sum), "perm_reduce=None"),
        (lambda: PITLossWrapper(pairwise_mse)(waves(2, 2, 9), waves(2, 3, 9)), r"got \(2, 2, 9\) and \(2, 3, 9\)"),
        (lambda: PITLossWrapper(pairwise_mse)(waves(2, 2, 9), waves(3, 2, 9)), r"one batch size.*got \(2, 2, 9\)"),
        (lambda: PITLossWrapper(pairwise_mse)(waves(9), waves(9)), r"got \(9,\) and \(9,\)"),
        (lambda: PITLossWrapper(multisrc_mse)(waves(2, 2, 9), waves(2, 2, 9)), r"= \(2, 2, 2\), got \(2,\)"),
        (
            lambda: PITLossWrapper(pairwise_mse, "perm_avg")(waves(2, 2, 9), waves(2, 2, 9)),
            r"= \(2,\), got \(2, 2, 2\)",
        ),
        (
            lambda: PITLossWrapper(multisrc_mse, "perm_avg")(waves(2, 3, 9), waves(2, 2, 9)),
            "as many estimates.*3 and 2",
        ),
        (lambda: PITLossWrapper(pairwise_mse, perm_reduce=torch.sum)(waves(2, 2, 9), waves(2, 2, 9)), r"got \(\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_expected_and_got(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
