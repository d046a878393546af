from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from separate_cli.engine.objectives.guided import Guided
from separate_cli.filterbanks.transforms import mag
from separate_cli.losses import PITLossWrapper, pairwise_neg_sisdr, whitened_clustering_loss
from separate_cli.models.chimera import Chimera
from separate_cli.specs.objectives import ClusteringObjective


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_loss_is_that_of_affinities_and_of_masked_magnitudes_and_falls(
    objective_of: Callable[..., Guided], losses_of_steps: Callable[..., list[float]], share: float
) -> None:
    torch.manual_seed(0)
    model = Chimera(2, 32, 32, 16, n_layers=1, hidden_size=8, embedding_dim=4, dropout=0.0)
    time = torch.arange(400)
    references = torch.stack([torch.sin(0.3 * time), 0.5 * torch.sin(1.9 * time)]).expand(2, 2, 400).contiguous()
    references[1] = 0.1 * torch.randn(2, 400)
    mixture = references.sum(1)
    objective = objective_of(ClusteringObjective(share=share), pairwise_mse={})
    losses = losses_of_steps(objective, model, mixture, references)
    assert losses[-1] < 0.9 * losses[0]

    with torch.no_grad():
        expected = np.mean([_by_hand(model, mixture[i : i + 1], references[i], share) for i in range(2)])
        assert float(objective(model, mixture, references).detach()) == pytest.approx(expected, rel=1e-4)


def _by_hand(model: Chimera, mixture: torch.Tensor, references: torch.Tensor, share: float) -> float:
    def magnitudes(waves: torch.Tensor) -> np.ndarray:
        re, im = np.split(model.encoder(waves.unsqueeze(1)).double().numpy(), 2, axis=1)
        return np.sqrt(re**2 + im**2)

    heard, sources = magnitudes(mixture)[0], magnitudes(references)
    embeddings, masks = (part[0].double().numpy() for part in model.embed_and_mask(mixture))
    active = (heard > 0.01 * heard.max()).ravel()
    loudest = np.eye(2)[sources.argmax(0).ravel()][active]
    V = embeddings[active]
    distance = np.sum((V @ V.T - loudest @ loudest.T) ** 2) / active.sum()
    ideal = heard * sources / sources.sum(0)
    masked = heard * masks
    in_order, swapped = (np.mean((masked - wanted) ** 2) for wanted in (ideal, ideal[::-1]))
    return float(share * distance + (1 - share) * min(in_order, swapped))


def test_masks_that_count_need_a_term(objective_of: Callable[..., Guided]) -> None:
    with pytest.raises(ValueError, match="a term of the loss for the masks"):
        objective_of(ClusteringObjective(share=0.5))


def test_whitened_beside_waves_falls_and_is_the_sum_of_both(
    objective_of: Callable[..., Guided], losses_of_steps: Callable[..., list[float]]
) -> None:
    torch.manual_seed(0)
    sizes = {"n_layers": 1, "hidden_size": 8, "embedding_dim": 4, "dropout": 0, "take_log": True, "normalize": "frames"}
    model = Chimera(2, 32, 32, 16, **sizes)
    time = torch.arange(400)
    references = torch.stack([torch.sin(0.3 * time), 0.5 * torch.sin(1.9 * time)]).expand(2, 2, 400).contiguous()
    mixture = references.sum(1)
    spec = ClusteringObjective(share=0.8, form="whitened", compare="waves")
    objective = objective_of(spec, pairwise_neg_sisdr={})
    losses = losses_of_steps(objective, model, mixture, references)
    assert losses[-1] < losses[0] - 1

    with torch.no_grad():
        sources = mag(model.forward_encoder(references.flatten(0, 1).unsqueeze(1))).reshape(2, 2, 17, -1)
        heard = mag(model.forward_encoder(mixture.unsqueeze(1)))
        clustering = whitened_clustering_loss(model.embed(mixture), sources.argmax(1), heard, n_src=2).mean()
        waves = PITLossWrapper(pairwise_neg_sisdr)(model(mixture), references)
        expected = float(0.8 * clustering + 0.2 * waves)
        assert float(objective(model, mixture, references)) == pytest.approx(expected, rel=1e-5)
