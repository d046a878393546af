"""K-means against groups that are known and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.cluster.vq import kmeans2

from separate_cli.layers.k_means import k_means


def blobs(spread: float) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(0)
    labels = random.integers(3, size=200)
    points = 5 * np.eye(3, 4)[labels] + spread * random.standard_normal((200, 4))
    return torch.from_numpy(points), torch.from_numpy(labels)


def test_separate_groups_are_found() -> None:
    points, labels = blobs(0.1)
    found = k_means(points, 3)
    assert len({(int(a), int(b)) for a, b in zip(found, labels, strict=True)}) == 3


def cost(points: np.ndarray, labels: np.ndarray) -> float:
    return sum(((points[labels == k] - points[labels == k].mean(0)) ** 2).sum() for k in range(3))


def test_overlapping_groups_are_as_tight_as_scipys_best() -> None:
    points = blobs(3.0)[0]
    best = min(cost(points.numpy(), kmeans2(points.numpy(), 3, minit="++", seed=seed)[1]) for seed in range(10))
    assert cost(points.numpy(), k_means(points, 3).numpy()) <= best * 1.001


def test_the_same_seed_gives_the_same_labels() -> None:
    points = blobs(3.0)[0]
    assert torch.equal(k_means(points, 3, seed=1), k_means(points, 3, seed=1))


def test_equal_points_are_one_group() -> None:
    assert not k_means(torch.ones(5, 2), 2).any() or k_means(torch.ones(5, 2), 2).all()


def test_fewer_points_than_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 points"):
        k_means(torch.zeros(2, 2), 3)
