from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from separate_cli.engine.objectives.guided import Guided
from separate_cli.losses import PITLossWrapper, pairwise_neg_sisdr
from separate_cli.models import get
from separate_cli.models.two_step import TwoStepTDCN
from separate_cli.specs.objectives import FilterbankObjective, LatentsObjective

Steps = Callable[..., list[float]]


@pytest.fixture
def model() -> TwoStepTDCN:
    torch.manual_seed(0)
    return TwoStepTDCN(n_filters=16, bn_chan=8, hid_chan=8, n_blocks=2, n_repeats=1)


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    references = torch.randn(2, 2, 600, generator=torch.Generator().manual_seed(1))
    return references.sum(1), references


def weights(model: TwoStepTDCN, *parts: str) -> list[Tensor]:
    return [weight.detach().clone() for name, weight in model.named_parameters() if name.startswith(parts)]


def test_first_step_learns_to_reconstruct_and_leaves_the_mask_network_alone(
    model: TwoStepTDCN, batch: tuple[Tensor, Tensor], objective_of: Callable[..., Guided], losses_of_steps: Steps
) -> None:
    mixture, references = batch
    objective = objective_of(FilterbankObjective(), multisrc_neg_sisdr={})
    objective.begin(model, [])
    before = weights(model, "masker.")
    losses = losses_of_steps(objective, model, mixture, references)
    assert losses[-1] < losses[0] - 1
    assert all(torch.equal(a, b) for a, b in zip(before, weights(model, "masker."), strict=True))
    again = model.reconstruct(mixture, references)
    ratio = [
        10 * torch.log10(_projection_ratio(e, r))
        for e, r in zip(again.flatten(0, 1), references.flatten(0, 1), strict=True)
    ]
    assert float(objective(model, mixture, references).detach()) == pytest.approx(
        -float(torch.stack(ratio).mean().detach()), abs=1e-3
    )


def _projection_ratio(estimate: Tensor, reference: Tensor) -> Tensor:
    estimate, reference = estimate - estimate.mean(), reference - reference.mean()
    target = reference * (estimate @ reference) / (reference @ reference)
    return (target @ target) / ((estimate - target) @ (estimate - target))


def test_second_step_learns_the_latent_targets_and_leaves_the_filterbank_alone(
    model: TwoStepTDCN, batch: tuple[Tensor, Tensor], objective_of: Callable[..., Guided], losses_of_steps: Steps
) -> None:
    mixture, references = batch
    objective = objective_of(LatentsObjective(), pairwise_neg_sisdr={})
    objective.begin(model, [])
    before = weights(model, "encoder.", "decoder.")
    losses = losses_of_steps(objective, model, mixture, references)
    assert losses[-1] < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(before, weights(model, "encoder.", "decoder."), strict=True))
    estimates, wanted = model.estimate_latents(mixture), model.latent_targets(mixture, references)
    pit = PITLossWrapper(pairwise_neg_sisdr)(estimates.reshape(2, 2, -1), wanted.reshape(2, 2, -1))
    assert float(objective(model, mixture, references).detach()) == pytest.approx(float(pit.detach()), abs=1e-4)


def test_other_models_are_refused(objective_of: Callable[..., Guided]) -> None:
    with pytest.raises(ValueError, match="DeMask has no reconstruct"):
        objective_of(FilterbankObjective(), singlesrc_mse={}).check(get("DeMask")(hidden_dims=[4]))
