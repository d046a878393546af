"""Spatial covariances against NumPy and asteroid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.dsp.covariance import SCM, compute_scm, matrices_of

GOLDENS = {
    name: torch.from_numpy(value)
    for name, value in np.load(Path(__file__).parent / "goldens" / "beamformers.npz").items()
}


def test_numbers_are_asteroids() -> None:
    mixture, mask = GOLDENS["mixture"], GOLDENS["mask"]
    torch.testing.assert_close(SCM()(mixture, mask), GOLDENS["scm_masked"])
    torch.testing.assert_close(SCM()(mixture, mask, normalize=False), GOLDENS["scm_sum"])


@pytest.mark.parametrize("mask_shape", [None, (2, 4, 6), (2, 1, 4, 6), (2, 3, 4, 6)])
def test_covariances_are_weighted_means_of_outer_products(mask_shape: tuple[int, ...] | None) -> None:
    x = torch.randn(2, 3, 4, 6, dtype=torch.complex128)
    mask = None if mask_shape is None else torch.rand(mask_shape, dtype=torch.float64)
    full = np.ones((2, 1, 4, 6)) if mask is None else (mask if mask.ndim == 4 else mask.unsqueeze(1)).numpy()
    expected = np.einsum("bmft,bnft->bmnf", full * x.numpy(), x.numpy().conj()) / full.sum(-1)[:, :, None]
    np.testing.assert_allclose(compute_scm(x, mask), expected)


def test_a_mask_of_zeros_gives_zeros() -> None:
    assert compute_scm(torch.randn(1, 2, 3, 4, dtype=torch.complex64), torch.zeros(1, 3, 4)).abs().max() == 0


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="complex"):
        compute_scm(torch.randn(2, 3, 4, 6))
    with pytest.raises(ValueError, match="mask"):
        compute_scm(torch.randn(2, 3, 4, 6, dtype=torch.complex64), torch.rand(2, 4, 5))
    for scms in [(torch.ones(1, 2, 3, 4),), (torch.ones(1, 2, 2, 4), torch.ones(1, 2, 2, 5)), (torch.ones(2, 2),)]:
        with pytest.raises(ValueError, match="covariances"):
            matrices_of(*scms)
