"""Resampling that gradients pass, against SciPy's polyphase resampler."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import resample_poly

from separate_cli.losses.resample import resample


def scipy_resampled(wave: np.ndarray, source_rate: int, target_rate: int) -> np.ndarray:
    common = math.gcd(source_rate, target_rate)
    up, down = target_rate // common, source_rate // common
    cutoff = 1 / (2 * max(up, down))
    half = math.ceil(52 / (28.714 * cutoff / 10))
    taps = np.kaiser(2 * half + 1, 0.1102 * 51.3) * np.sinc(2 * cutoff * np.arange(-half, half + 1))
    return np.asarray(resample_poly(wave, up, down, window=taps / taps.sum()))


@pytest.mark.parametrize(
    ("source_rate", "target_rate", "length"),
    [
        (8000, 10000, 1000),
        (16000, 10000, 1777),
        (44100, 10000, 3000),
        (10000, 16000, 900),
        (10000, 10000, 50),
        (8000, 10000, 3),
    ],
)
def test_it_equals_scipy(source_rate: int, target_rate: int, length: int) -> None:
    wave = np.random.default_rng(0).standard_normal((2, length))
    found = resample(torch.from_numpy(wave), source_rate, target_rate).numpy()
    expected = wave if source_rate == target_rate else [scipy_resampled(w, source_rate, target_rate) for w in wave]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_gradients_in_float64() -> None:
    wave = torch.randn(1, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: resample(x, 8000, 10000), (wave,))
