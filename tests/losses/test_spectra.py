"""Spectral losses: multi-scale, log-spectral distance, multi-resolution, compressed; each against NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from separate_cli.losses import (
    SingleSrcCompressedSpectral,
    SingleSrcLogSpectralDistance,
    SingleSrcMultiResolutionSTFT,
    SingleSrcMultiScaleSpectral,
)


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def hann(length: int) -> npt.NDArray[np.float64]:
    return np.sin(np.pi * np.arange(length) / length) ** 2


def stft(wave: Tensor, fft: int, hop: int, window: int) -> npt.NDArray[np.complex128]:
    """``(frame, bin)`` with half a frame of silence on both sides."""
    taper = np.zeros(fft)
    taper[(fft - window) // 2 :][:window] = hann(window)
    padded = np.pad(wave.numpy(), fft // 2)
    starts = range(0, len(padded) - fft + 1, hop)
    return np.stack([np.fft.rfft(padded[start : start + fft] * taper) for start in starts])


def test_multi_scale_by_hand() -> None:
    estimate, reference = waves(1, 300), waves(1, 300, seed=1)
    total = 0.0
    for fft, window, hop in ((64, 64, 32), (32, 24, 6)):
        scale = 1 / (0.5 * np.sqrt(window * fft / hop))
        levels = []
        for wave in (estimate, reference):
            frames = np.lib.stride_tricks.sliding_window_view(wave[0].numpy(), window)[::hop]
            spectrum = np.fft.rfft(frames * np.sqrt(hann(window)), fft) * scale
            spectrum[:, [0, -1]] /= np.sqrt(2)
            levels.append(np.sqrt(np.abs(spectrum) ** 2 + 1e-8))
        total += np.abs(levels[0] - levels[1]).sum() + 0.3 * np.abs(np.log(levels[0]) - np.log(levels[1])).sum()
    loss = SingleSrcMultiScaleSpectral([64, 32], [64, 24], [32, 6], alpha=0.3)
    assert loss(estimate, reference).item() == pytest.approx(total)
    torch.testing.assert_close(loss(estimate[:, None], reference[:, None]), loss(estimate, reference))


def test_multi_scale_needs_one_of_each_and_enough_samples() -> None:
    with pytest.raises(ValueError, match="one n_filters, windows_size and hops_size a scale, got 2, 1 and 1"):
        SingleSrcMultiScaleSpectral(n_filters=[64, 32], windows_size=[64])
    with pytest.raises(ValueError, match=r"n_filters to be at least its window, got \(16,\) for \(32,\)"):
        SingleSrcMultiScaleSpectral(n_filters=[16], windows_size=[32])
    with pytest.raises(ValueError, match=r"at least 2048 samples \(the longest window\), got 100"):
        SingleSrcMultiScaleSpectral()(waves(1, 100), waves(1, 100))


def test_log_spectral_distance_by_hand() -> None:
    estimate, reference = waves(1, 1500), waves(1, 1500, seed=1)
    per_resolution = []
    for fft in (128, 256):
        powers = [np.abs(stft(wave[0], fft, fft // 4, fft)) ** 2 for wave in (estimate, reference)]
        floor = powers[1].max() * 1e-4 + 1e-12
        apart = 10 * np.log10((powers[0] + floor) / (powers[1] + floor))
        per_resolution.append(np.sqrt((apart**2).mean(1)).mean())
    loss = SingleSrcLogSpectralDistance(ffts=(128, 256), floor_db=-40)
    assert loss(estimate, reference).item() == pytest.approx(np.mean(per_resolution))


def test_log_spectral_distance_of_a_gain_is_the_gain_above_the_floor() -> None:
    wave = waves(1, 4000)
    assert SingleSrcLogSpectralDistance(floor_db=-150)(0.1 * wave, wave).item() == pytest.approx(20, abs=1e-3)
    quiet = 1e-4 * waves(1, 4000, seed=1)
    assert SingleSrcLogSpectralDistance(floor_db=-40)(wave + quiet, wave).item() < 0.1


def test_log_spectral_distance_refuses_no_resolution() -> None:
    with pytest.raises(ValueError, match=r"at least 4 samples, got \(\)"):
        SingleSrcLogSpectralDistance(ffts=())


def test_multi_resolution_by_hand() -> None:
    estimate, reference = waves(1, 1500), waves(1, 1500, seed=1)
    per_resolution = []
    resolutions = ((128, 30, 100), (256, 64, 256))
    for fft, hop, window in resolutions:
        e, s = (np.maximum(np.abs(stft(wave[0], fft, hop, window)), 1e-7**0.5) for wave in (estimate, reference))
        convergence = np.linalg.norm(s - e) / np.linalg.norm(s)
        per_resolution.append(convergence + 0.7 * np.abs(np.log(s) - np.log(e)).mean())
    loss = SingleSrcMultiResolutionSTFT(resolutions, magnitude_weight=0.7)
    assert loss(estimate, reference).item() == pytest.approx(np.mean(per_resolution))
    with pytest.raises(ValueError, match="fft >= window >= hop > 0"):
        SingleSrcMultiResolutionSTFT([(128, 0, 100)])


def test_compressed_by_hand() -> None:
    estimate, reference = waves(1, 1500), waves(1, 1500, seed=1)
    e, s = (stft(wave[0], 128, 40, 128) for wave in (estimate, reference))
    levels = [np.abs(spectrum) ** 0.3 for spectrum in (e, s)]
    blind = ((levels[0] - levels[1]) ** 2).mean()
    full = (np.abs(levels[0] * np.exp(1j * np.angle(e)) - levels[1] * np.exp(1j * np.angle(s))) ** 2).mean()
    loss = SingleSrcCompressedSpectral(128, 40, complex_weight=0.4)
    assert loss(estimate, reference).item() == pytest.approx(0.6 * blind + 0.4 * full, rel=1e-5)
    with pytest.raises(ValueError, match=r"compression in \(0, 1\].*got 0 and 0.3"):
        SingleSrcCompressedSpectral(compression=0)


@pytest.mark.parametrize(
    "loss",
    [
        SingleSrcMultiScaleSpectral(windows_size=[32, 16]),
        SingleSrcLogSpectralDistance(ffts=(16, 32)),
        SingleSrcMultiResolutionSTFT([(16, 4, 12)]),
        SingleSrcCompressedSpectral(fft=16),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_gradients_in_float64(loss: Any) -> None:
    reference = waves(1, 48, seed=1)
    assert torch.autograd.gradcheck(lambda x: loss(x, reference), (waves(1, 48).requires_grad_(),))
    leaf = reference.clone().requires_grad_()
    loss(leaf, reference).sum().backward()  # equality is a kink of norms
    assert leaf.grad is not None and bool(leaf.grad.isfinite().all())


@pytest.mark.parametrize(
    "loss",
    [
        SingleSrcMultiScaleSpectral(windows_size=[256, 128]),
        SingleSrcLogSpectralDistance(),
        SingleSrcMultiResolutionSTFT(),
        SingleSrcCompressedSpectral(),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_a_few_steps_down_the_gradient_bring_the_estimate_nearer(loss: Any) -> None:
    reference = waves(1, 1500, seed=1, dtype=torch.float32)
    leaf = (reference + waves(1, 1500, dtype=torch.float32)).requires_grad_()
    optimizer = torch.optim.Adam([leaf], lr=0.03)
    before = loss(leaf, reference).item()
    for _ in range(12):
        optimizer.zero_grad()
        loss(leaf, reference).sum().backward()
        optimizer.step()
    assert loss(leaf, reference).item() < 0.9 * before
