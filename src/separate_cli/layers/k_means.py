"""K-means: points into groups around their means.

    points (point, dim) --drawn far apart--> centres --[nearest centre, mean] until nothing moves--> labels (point)

Source: Lloyd, "Least squares quantization in PCM", 1982; Arthur & Vassilvitskii, "k-means++", SODA 2007 (the start).
Checked: tests/layers/test_k_means.py (separate groups, SciPy's distortion, repeatability).
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["k_means"]


def k_means(points: Tensor, n_clusters: int, *, seed: int = 0, n_starts: int = 10, n_iter: int = 100) -> Tensor:
    """The group of each point: the best of several starts.

    Args:
        points: ``(point, dim)``, at least ``n_clusters`` of them.
        n_clusters: Number of groups.
        seed: Of the random starts; the same seed gives the same labels.
        n_starts: How many starts.
        n_iter: Most iterations of a start.

    Returns:
        Labels from 0, ``(point)``.

    Raises:
        ValueError: If there are fewer points than groups.

    >>> k_means(torch.tensor([[0.0], [9.0], [0.1], [9.2]]), 2).bincount().tolist()
    [2, 2]
    """
    if points.ndim != 2 or points.shape[0] < n_clusters or n_clusters < 1:
        raise ValueError(f"Expected at least {n_clusters} points (point, dim), got shape {tuple(points.shape)}.")
    points = points.detach()
    generator = torch.Generator().manual_seed(seed)
    best, best_cost = torch.empty(0), float("inf")
    for _ in range(n_starts):
        centres = _start(points, n_clusters, generator)
        labels = torch.full(points.shape[:1], -1)
        for _ in range(n_iter):
            distances = torch.cdist(points, centres)
            moved, labels = labels, distances.argmin(1).cpu()
            if torch.equal(moved, labels):
                break
            centres = _means(points, labels.to(points.device), centres)
        cost = float(distances.amin(1).square().sum())
        if cost < best_cost:
            best, best_cost = labels, cost
    return best.to(points.device)


def _start(points: Tensor, n_clusters: int, generator: torch.Generator) -> Tensor:
    """Centres drawn from the points, in proportion to the squared distance from the centres before."""
    chosen = [int(torch.randint(points.shape[0], (), generator=generator))]
    for _ in range(n_clusters - 1):
        weights = torch.cdist(points, points[chosen]).amin(1).square().double().cumsum(0).cpu()
        drawn = torch.rand((), generator=generator, dtype=torch.float64) * weights[-1]
        chosen.append(min(int(torch.searchsorted(weights, drawn, right=True)), points.shape[0] - 1))
    return points[chosen]


def _means(points: Tensor, labels: Tensor, centres: Tensor) -> Tensor:
    """The mean of each group; a group without points keeps its centre."""
    totals = torch.zeros_like(centres).index_add_(0, labels, points)
    counts = labels.bincount(minlength=centres.shape[0]).unsqueeze(1)
    return torch.where(counts > 0, totals / counts.clamp(min=1), centres)
