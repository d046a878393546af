"""Spatial features against NumPy, asteroid and a plane wave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.dsp.spatial import level_differences, phase_differences, xcorr

GOLDENS = {
    name: torch.from_numpy(value) for name, value in np.load(Path(__file__).parent / "goldens" / "signals.npz").items()
}


def test_correlations_are_asteroids() -> None:
    torch.testing.assert_close(xcorr(GOLDENS["long"], GOLDENS["short"]), GOLDENS["xcorr"], atol=1e-6, rtol=1e-5)
    plain = xcorr(GOLDENS["long"], GOLDENS["short"], normalized=False)
    torch.testing.assert_close(plain, GOLDENS["xcorr_raw"], atol=1e-5, rtol=1e-5)


def test_correlations_are_numpys() -> None:
    long, short = torch.randn(2, 3, 30, dtype=torch.float64), torch.randn(2, 3, 12, dtype=torch.float64)
    expected = [
        [np.correlate(a, b) for a, b in zip(*both, strict=True)]
        for both in zip(long.numpy(), short.numpy(), strict=True)
    ]
    np.testing.assert_allclose(xcorr(long, short, normalized=False), expected)


def test_a_wave_found_again_has_similarity_one_at_its_place() -> None:
    short = torch.randn(1, 1, 16)
    long = torch.cat([torch.randn(1, 1, 21), 0.3 * short, torch.randn(1, 1, 9)], -1)
    similarity = xcorr(long, short)[0, 0]
    assert similarity.argmax() == 21
    torch.testing.assert_close(similarity[21], torch.tensor(1.0))
    assert similarity.abs().max() <= 1 + 1e-6


def test_gradients_are_exact_and_finite_in_silence() -> None:
    inputs = [torch.randn(1, 2, 7, dtype=torch.float64), torch.randn(1, 2, 3, dtype=torch.float64)]
    assert torch.autograd.gradcheck(xcorr, [one.requires_grad_() for one in inputs])
    silent = torch.zeros(1, 1, 9, requires_grad=True)
    xcorr(silent, torch.ones(1, 1, 3)).sum().backward()
    assert torch.isfinite(silent.grad).all()


def test_phase_differences_of_a_delay_turn_with_frequency() -> None:
    wav = torch.randn(64)
    spectra = torch.fft.rfft(torch.stack([wav, wav.roll(3)])).reshape(1, 2, 33, 1)
    features = phase_differences(spectra, pairs=[(0, 1), (1, 0)])[0, ..., 0]
    expected = 2 * np.pi * 3 * np.arange(33) / 64
    np.testing.assert_allclose(features[0], np.cos(expected), atol=1e-4)
    np.testing.assert_allclose(features[2], np.sin(expected), atol=1e-4)
    torch.testing.assert_close(features[1], features[0])
    torch.testing.assert_close(features[3], -features[2])


def test_level_differences_are_in_decibels() -> None:
    spectra = torch.randn(2, 3, 4, 5, dtype=torch.complex64)
    louder = torch.cat([spectra[:, :1] * 10, spectra[:, 1:]], 1)
    change = level_differences(louder, [(0, 1), (1, 2)]) - level_differences(spectra, [(0, 1), (1, 2)])
    torch.testing.assert_close(change[:, 0], torch.full((2, 4, 5), 20.0))
    torch.testing.assert_close(change[:, 1], torch.zeros(2, 4, 5))


def test_silence_gives_no_nan() -> None:
    silence = torch.zeros(1, 2, 3, 4, dtype=torch.complex64)
    assert phase_differences(silence).abs().max() == 0
    assert level_differences(silence).abs().max() == 0


def test_wrong_shapes_are_refused() -> None:
    for long, short in [((2, 3, 9), (2, 2, 4)), ((2, 3, 9), (1, 3, 4)), ((3, 9), (3, 4))]:
        with pytest.raises(ValueError, match="channel or 1"):
            xcorr(torch.randn(long), torch.randn(short))
    with pytest.raises(ValueError, match="shorter"):
        xcorr(torch.randn(1, 1, 4), torch.randn(1, 1, 9))
    for features in (phase_differences, level_differences):
        with pytest.raises(ValueError, match="complex"):
            features(torch.randn(1, 2, 3, 4))
        with pytest.raises(ValueError, match="pair"):
            features(torch.randn(1, 2, 3, 4, dtype=torch.complex64), [])
