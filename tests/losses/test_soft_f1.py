"""Soft F1: the F1 score on hard decisions, differentiable between them."""

from __future__ import annotations

import pytest
import torch

from separate_cli.losses import F1_loss, SoftF1Loss


def test_hard_decisions_give_one_minus_f1() -> None:
    estimates = torch.tensor([1.0, 1, 1, 0, 0, 0, 1, 0])
    references = torch.tensor([1.0, 1, 0, 0, 1, 0, 1, 0])
    true_positive, false_positive, false_negative = 3, 1, 1
    f1 = 2 * true_positive / (2 * true_positive + false_positive + false_negative)
    assert SoftF1Loss()(estimates, references).item() == pytest.approx(1 - f1)


def test_booleans_and_any_shape_are_taken() -> None:
    estimates = torch.rand(2, 1, 30, generator=torch.Generator().manual_seed(0))
    active = torch.rand(2, 1, 30, generator=torch.Generator().manual_seed(1)) > 0.5
    torch.testing.assert_close(SoftF1Loss()(estimates, active), SoftF1Loss()(estimates.flatten(), active.flatten()))


@pytest.mark.parametrize("estimate", [0.0, 1.0])
def test_nothing_active_gives_one_and_a_finite_gradient(estimate: float) -> None:
    leaf = torch.full((10,), estimate, requires_grad=True)
    loss = SoftF1Loss()(leaf, torch.zeros(10))
    loss.backward()
    assert loss.item() == 1
    assert leaf.grad is not None and bool(leaf.grad.isfinite().all())


def test_gradients_in_float64() -> None:
    leaf = torch.rand(12, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.8 + 0.1
    references = (torch.arange(12) % 3 == 0).double()
    assert torch.autograd.gradcheck(lambda p: SoftF1Loss()(p, references), (leaf.requires_grad_(),))


def test_asteroids_name_is_the_same_class() -> None:
    assert F1_loss is SoftF1Loss


@pytest.mark.parametrize(
    ("estimates", "references", "words"),
    [
        (torch.ones(3), torch.ones(4), r"one shape, got \(3,\) and \(4,\)"),
        (torch.tensor([1.5]), torch.ones(1), "estimates from 0 to 1, got 1.5 to 1.5"),
        (torch.ones(1), torch.tensor([-1.0]), "references from 0 to 1, got -1"),
        (torch.tensor([torch.nan]), torch.ones(1), "finite estimates, got 1 NaN"),
    ],
)
def test_what_is_no_probability_is_refused(estimates: torch.Tensor, references: torch.Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SoftF1Loss()(estimates, references)
