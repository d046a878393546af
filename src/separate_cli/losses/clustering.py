"""Deep clustering: embeddings of bins that the same source dominates should be alike.

    embedding (batch, bin, dim), dominant source (batch, frame, frequency) --|VVᵀ - YYᵀ|² / active bins--> (batch)

The affinity matrices are never built: with ``V`` and ``Y`` tall, the norm is that of three small products.

Whitened, the loss does not care how long or how correlated the directions of the embeddings are, only whether a linear
map of them tells the sources; it is bounded and learns faster.

Source: Hershey et al., "Deep clustering: discriminative embeddings for segmentation and separation", ICASSP 2016; Wang,
Le Roux & Hershey, "Alternative objective functions for deep clustering", ICASSP 2018, section 2 (L_DC,W, magnitude
ratio weights).
Differs: the plain loss is divided by the number of active bins, as Asteroid does.
Checked: tests/losses/test_clustering.py (explicit affinities, pseudo-inverses, Asteroid's values, sources that never
dominate).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from separate_cli.losses.checks import check_finite

__all__ = ["deep_clustering_loss", "whitened_clustering_loss"]

_RIDGE = 1e-4
"""Added to the diagonal of what is inverted, relative to a total weight of 1."""


def deep_clustering_loss(embedding: Tensor, tgt_index: Tensor, binary_mask: Tensor | None = None) -> Tensor:
    """Deep-clustering loss of each item.

    Args:
        embedding: Unit-norm embeddings, ``(batch, frame * frequency, dim)``.
        tgt_index: Index of the dominant source of each bin, ``(batch, frame, frequency)``, integers from 0. A source
            that dominates nowhere, in one item or in all, is fine.
        binary_mask: 1 where a bin is active, ``(batch, frame, frequency)``; None for everywhere. An item without any
            active bin has loss 0.

    Returns:
        ``(batch)``.

    Raises:
        ValueError: If shapes do not fit, ``tgt_index`` is not of integers from 0, or a value is NaN or infinite.

    >>> embedding = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]])
    >>> deep_clustering_loss(embedding, torch.tensor([[[0, 1], [0, 0]]]))
    tensor([0.])
    >>> deep_clustering_loss(embedding, torch.tensor([[[0, 0], [0, 0]]]))
    tensor([1.5000])
    """
    _check(embedding, tgt_index, binary_mask)
    embedding = embedding.to(torch.promote_types(embedding.dtype, torch.float32))
    dominant = one_hot(tgt_index.flatten(1).long()).to(embedding.dtype)  # (batch, bin, source)
    active = torch.ones_like(dominant[..., :1]) if binary_mask is None else binary_mask.flatten(1).unsqueeze(2)
    active = active.to(embedding.dtype)
    V, Y = embedding * active, dominant * active
    distance = _energy(V.mT @ V) - 2 * _energy(V.mT @ Y) + _energy(Y.mT @ Y)
    return check_finite(distance / active.sum((1, 2)).clamp(min=1), embedding, active)


def whitened_clustering_loss(embedding: Tensor, tgt_index: Tensor, weights: Tensor, *, n_src: int) -> Tensor:
    """Share of the sources' indicators that no linear map of the embeddings explains, times the number of sources.

    Args:
        embedding: ``(batch, frame * frequency, dim)``; lengths do not matter.
        tgt_index: Index of the dominant source of each bin, ``(batch, frame, frequency)``, integers from 0.
        weights: How much each bin counts, not negative, ``(batch, frame, frequency)``: magnitudes, for example. Their
            scale does not matter.
        n_src: Number of sources.

    Returns:
        ``(batch)``, from 0 to the number of sources that dominate somewhere.

    Raises:
        ValueError: If shapes do not fit, ``tgt_index`` is not of integers from 0, or a value is NaN or infinite.

    >>> embedding = torch.tensor([[[3.0, 0.0], [0.0, 1.0], [2.0, 0.0], [1.0, 0.0]]])
    >>> dominant, weights = torch.tensor([[[0, 1], [0, 0]]]), torch.ones(1, 2, 2)
    >>> whitened_clustering_loss(embedding, dominant, weights, n_src=2).round(decimals=2)
    tensor([0.1400])
    """
    _check(embedding, tgt_index, weights)
    embedding = embedding.to(torch.promote_types(embedding.dtype, torch.float32))
    shares = weights.flatten(1).to(embedding.dtype)
    roots = (shares / shares.sum(1, keepdim=True).clamp(min=_TINY)).sqrt().unsqueeze(2)
    V = embedding * roots
    Y = one_hot(tgt_index.flatten(1).long(), n_src).to(embedding.dtype) * roots
    sizes = Y.square().sum(1)  # (batch, source)
    common = V.mT @ Y  # (batch, dim, source)
    ridge = _RIDGE * torch.eye(V.shape[-1], dtype=V.dtype, device=V.device)
    # Cholesky: batched LU solves have been wrong on some machines.
    explained = common * torch.cholesky_solve(common, torch.linalg.cholesky(V.mT @ V + ridge))
    unexplained = sizes - explained.sum(1)
    return check_finite((unexplained / (sizes + _RIDGE)).sum(1), embedding, weights)


_TINY = 1e-12


def _energy(matrix: Tensor) -> Tensor:
    return matrix.square().sum((1, 2))


def _check(embedding: Tensor, tgt_index: Tensor, binary_mask: Tensor | None) -> None:
    bins = tgt_index.flatten(1).shape if tgt_index.ndim >= 2 else None
    masks_fit = binary_mask is None or binary_mask.shape == tgt_index.shape
    if embedding.ndim != 3 or embedding.shape[:2] != bins or not masks_fit or embedding.numel() == 0:
        raise ValueError(
            f"Expected embedding (batch, frame * frequency, dim), tgt_index and binary_mask (batch, frame, frequency), "
            f"got {tuple(embedding.shape)}, {tuple(tgt_index.shape)} and "
            f"{None if binary_mask is None else tuple(binary_mask.shape)}."
        )
    if tgt_index.is_floating_point() or int(tgt_index.min()) < 0:
        raise ValueError(f"Expected tgt_index of integers from 0, got {tgt_index.dtype}, least {tgt_index.min()}.")
