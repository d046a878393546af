"""Differences of features."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from separate_cli.dsp.deltas import compute_delta, concat_deltas


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_deltas_are_numpys_differences_after_a_zero(dim: int) -> None:
    feats = torch.randn(3, 4, 5)
    delta = compute_delta(feats, dim)
    np.testing.assert_allclose(delta.narrow(dim, 1, feats.shape[dim] - 1), np.diff(feats, axis=dim), atol=1e-6)
    assert delta.narrow(dim, 0, 1).abs().max() == 0


@pytest.mark.parametrize("order", [0, 1, 3])
def test_features_and_their_differences_follow_one_another(order: int) -> None:
    feats = torch.randn(2, 4, 5)
    parts = concat_deltas(feats, order, dim=1).chunk(order + 1, 1)
    assert torch.equal(parts[0], feats)
    for before, after in itertools.pairwise(parts):
        assert torch.equal(after, compute_delta(before, 1))


def test_a_negative_order_is_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        concat_deltas(torch.randn(3), -1)
