"""Levels."""

from __future__ import annotations

import numpy as np
import torch

from separate_cli.dsp.levels import normalize_estimates, scale_to_peak


def test_every_estimate_gets_the_peak_of_the_mixture() -> None:
    rng = np.random.default_rng(0)
    estimates, mixture = rng.standard_normal((2, 100)), rng.standard_normal(100)
    scaled = normalize_estimates(estimates, mixture)
    assert isinstance(scaled, np.ndarray)
    np.testing.assert_allclose(np.abs(scaled).max(-1), np.abs(mixture).max())
    np.testing.assert_allclose(
        scaled / np.abs(scaled).max(-1, keepdims=True), estimates / np.abs(estimates).max(-1, keepdims=True)
    )


def test_batches_and_mixtures_with_a_channel_axis() -> None:
    estimates, mixture = torch.randn(3, 2, 50), torch.randn(3, 1, 50)
    scaled = normalize_estimates(estimates, mixture)
    torch.testing.assert_close(scaled.abs().amax(-1), mixture.abs().amax(-1).expand(3, 2))
    torch.testing.assert_close(normalize_estimates(estimates, mixture[:, 0]), scaled)


def test_a_silent_estimate_stays_silent() -> None:
    estimates = torch.stack([torch.randn(50), torch.zeros(50)])
    scaled = normalize_estimates(estimates, torch.randn(50))
    assert torch.isfinite(scaled).all()
    assert scaled[1].abs().max() == 0


def test_a_peak_may_differ_from_wave_to_wave() -> None:
    scaled = scale_to_peak(torch.randn(2, 50), torch.tensor([0.5, 2.0]))
    torch.testing.assert_close(scaled.abs().amax(-1), torch.tensor([0.5, 2.0]))
