"""Deep clustering against the affinity matrices that it never builds."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from separate_cli.losses import deep_clustering_loss, whitened_clustering_loss


def embeddings(batch: int, bins: int, dim: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return normalize(torch.randn(batch, bins, dim, generator=torch.Generator().manual_seed(0), dtype=dtype), dim=-1)


def explicit(embedding: Tensor, index: Tensor, mask: Tensor) -> Tensor:
    active = mask.flatten(1).to(embedding.dtype).unsqueeze(2)
    V, Y = embedding * active, one_hot(index.flatten(1), 9).to(embedding.dtype) * active
    return (V @ V.mT - Y @ Y.mT).square().sum((1, 2)) / active.sum((1, 2))


@pytest.mark.parametrize("used", [[0, 1], [0, 1, 2], [0, 2], [3], [1, 5]])
def test_any_set_of_dominant_sources(used: list[int]) -> None:
    embedding = embeddings(2, 30, 4)
    index = torch.tensor(used)[torch.randint(len(used), (2, 5, 6), generator=torch.Generator().manual_seed(1))]
    mask = torch.rand(2, 5, 6, generator=torch.Generator().manual_seed(2)) > 0.3
    torch.testing.assert_close(deep_clustering_loss(embedding, index, mask), explicit(embedding, index, mask))
    everywhere = torch.ones_like(mask)
    torch.testing.assert_close(deep_clustering_loss(embedding, index), explicit(embedding, index, everywhere))


def test_a_source_that_dominates_in_one_item_only() -> None:
    embedding = embeddings(2, 30, 4)
    index = torch.zeros(2, 5, 6, dtype=torch.long)
    index[1, 0] = 1
    alone = torch.cat([deep_clustering_loss(embedding[b : b + 1], index[b : b + 1]) for b in range(2)])
    torch.testing.assert_close(deep_clustering_loss(embedding, index), alone)


def test_no_active_bin_gives_zero_and_a_zero_gradient() -> None:
    embedding = embeddings(1, 30, 4).requires_grad_()
    loss = deep_clustering_loss(embedding, torch.zeros(1, 5, 6, dtype=torch.long), torch.zeros(1, 5, 6))
    loss.sum().backward()
    assert loss.item() == 0
    assert embedding.grad is not None and not embedding.grad.any()


def test_gradients_in_float64() -> None:
    index = torch.randint(3, (2, 3, 4), generator=torch.Generator().manual_seed(1))
    assert torch.autograd.gradcheck(lambda v: deep_clustering_loss(v, index), (embeddings(2, 12, 3).requires_grad_(),))


@pytest.mark.parametrize(
    ("embedding", "index", "words"),
    [
        (torch.ones(1, 12, 2), torch.zeros(1, 3, 5, dtype=torch.long), r"got \(1, 12, 2\), \(1, 3, 5\) and None"),
        (torch.ones(1, 12, 2), torch.zeros(1, 3, 4), "integers from 0, got torch.float32"),
        (torch.ones(1, 12, 2), -torch.ones(1, 3, 4, dtype=torch.long), "least -1"),
        (torch.full((1, 12, 2), torch.nan), torch.zeros(1, 3, 4, dtype=torch.long), "got 24 NaN"),
    ],
)
def test_what_does_not_fit_is_refused(embedding: Tensor, index: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        deep_clustering_loss(embedding, index)


def test_whitened_is_what_the_best_linear_map_leaves_unexplained() -> None:
    embedding = embeddings(2, 30, 4) * torch.linspace(0.5, 2, 30, dtype=torch.float64)[:, None]
    index = torch.randint(3, (2, 5, 6), generator=torch.Generator().manual_seed(1))
    weights = torch.rand(2, 5, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found = whitened_clustering_loss(embedding, index, 7 * weights, n_src=3)
    for item in range(2):
        roots = (weights[item].flatten() / weights[item].sum()).sqrt()[:, None]
        V, Y = embedding[item] * roots, one_hot(index[item].flatten(), 3) * roots
        rest = Y - V @ torch.linalg.pinv(V) @ Y
        assert float(found[item]) == pytest.approx(float((rest.square().sum(0) / Y.square().sum(0)).sum()), abs=5e-3)


def test_whitened_is_nothing_for_indicators_and_all_for_vectors_that_tell_nothing() -> None:
    index = torch.tensor([[[0, 1, 1], [0, 0, 1]]])
    told = one_hot(index.flatten(1), 5).double() @ torch.randn(5, 5, dtype=torch.float64)
    weights = torch.ones(1, 2, 3)
    assert float(whitened_clustering_loss(told, index, weights, n_src=2)) == pytest.approx(0, abs=0.01)
    assert float(whitened_clustering_loss(torch.zeros(1, 6, 5), index, weights, n_src=2)) == pytest.approx(2, abs=0.01)
    assert float(whitened_clustering_loss(told, index, torch.zeros(1, 2, 3), n_src=2)) == 0  # silence


def test_whitened_gradients_in_float64() -> None:
    index = torch.randint(2, (2, 3, 4), generator=torch.Generator().manual_seed(1))
    weights = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda v: whitened_clustering_loss(v, index, weights, n_src=2), (embeddings(2, 12, 3).requires_grad_(),)
    )
