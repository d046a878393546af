"""Mask filters against the measured curves, evaluated by a plain sum over the taps."""

from __future__ import annotations

import numpy as np
import pytest

from separate_cli.data.facemask import (
    apply_filter,
    bend,
    inverse_filter,
    mask_filter,
    mask_names,
    measured_frequencies,
    measured_gains,
)
from separate_cli.specs.demask import MASKS


def response(taps: np.ndarray, frequencies: np.ndarray, sample_rate: float) -> np.ndarray:
    """Gain of a filter by the definition of the Fourier transform, delay taken out: real for symmetric taps."""
    n = np.arange(len(taps)) - (len(taps) - 1) / 2
    return (taps * np.exp(-2j * np.pi * np.outer(frequencies / sample_rate, n))).sum(axis=1)


def test_there_are_nine_masks_and_the_spec_knows_them() -> None:
    assert len(mask_names()) == 9
    assert mask_names() == MASKS


@pytest.mark.parametrize("name", MASKS)
def test_long_filter_follows_the_measured_curve_and_is_real(name: str) -> None:
    taps = mask_filter(measured_gains(name), sample_rate=16000, n_taps=2049)
    gain = response(taps, measured_frequencies(), 16000)
    np.testing.assert_allclose(gain.real, measured_gains(name), atol=0.012)
    np.testing.assert_allclose(gain.imag, 0, atol=1e-12)


@pytest.mark.parametrize("name", MASKS)
def test_97_taps_smooth_the_curve_but_keep_its_level(name: str) -> None:
    taps = mask_filter(measured_gains(name), sample_rate=16000)
    grid = np.linspace(0, 7500, 301)
    wanted = np.interp(grid, measured_frequencies(), measured_gains(name))
    error = response(taps, grid, 16000).real - wanted
    assert len(taps) == 97
    assert np.sqrt(np.mean(error**2)) < 0.06


def test_known_gains_of_the_surgical_mask() -> None:
    gains = dict(zip(measured_frequencies(), measured_gains("surgical"), strict=True))
    assert (gains[1000], gains[2815], gains[5000], gains[8000]) == (1, 0.53, 0.42, 0)


def test_filtered_sine_keeps_its_phase() -> None:
    taps, time = mask_filter(measured_gains("N95"), sample_rate=16000), np.arange(4000) / 16000
    wave = np.sin(2 * np.pi * 2500 * time).astype(np.float32)
    gain = response(taps, np.array([2500.0]), 16000).real
    np.testing.assert_allclose(apply_filter(wave, taps)[100:-100], (gain * wave)[100:-100], atol=1e-5)


def test_filter_equals_direct_convolution_with_the_delay_taken_out() -> None:
    rng = np.random.default_rng(0)
    wave, taps = rng.standard_normal(500).astype(np.float32), mask_filter(measured_gains("KN95"), sample_rate=16000)
    direct = [sum(taps[48 + k] * wave[n - k] for k in range(-48, 49) if 0 <= n - k < 500) for n in range(500)]
    np.testing.assert_allclose(apply_filter(wave, taps), direct, atol=1e-5)


def test_a_lower_sample_rate_takes_the_lower_part_of_the_curve() -> None:
    taps = mask_filter(measured_gains("surgical"), sample_rate=8000, n_taps=1025)
    points = measured_frequencies()[measured_frequencies() < 3900]
    np.testing.assert_allclose(response(taps, points, 8000).real, measured_gains("surgical")[: len(points)], atol=0.02)


def test_bending_moves_each_gain_by_the_asked_decibels_above_1_khz_only() -> None:
    gains, rng = measured_gains("CottonDenim2L"), np.random.default_rng(1)
    bent = np.stack([bend(gains, spread_db=2.0, rng=rng) for _ in range(4000)])
    moved_db = 20 * np.log10(bent[:, :-1] / gains[:-1])
    np.testing.assert_array_equal(moved_db[:, :3], 0)
    np.testing.assert_allclose(moved_db[:, 3:].std(axis=0), 2.0, atol=0.1)
    np.testing.assert_allclose(moved_db[:, 3:].mean(axis=0), 0.0, atol=0.12)
    assert bent.min() >= 0


@pytest.mark.parametrize("name", MASKS)
def test_inverse_undoes_the_mask_where_it_lets_something_through(name: str) -> None:
    taps = mask_filter(measured_gains(name), sample_rate=16000)
    grid = np.linspace(0, 7000, 141)
    product = response(taps, grid, 16000) * response(inverse_filter(taps), grid, 16000)
    np.testing.assert_allclose(product, 1, atol=0.03)


def test_inverse_amplifies_by_no_more_than_it_may() -> None:
    taps = mask_filter(measured_gains("BedsheetPolyester2L"), sample_rate=16000)
    gain = np.abs(response(inverse_filter(taps, most_db=20, n_taps=4097), np.linspace(0, 8000, 801), 16000))
    assert 9.5 < gain.max() < 10.1


def test_tables_cannot_be_spoilt_by_a_caller() -> None:
    measured_gains("N95")[:] = 7
    measured_frequencies()[:] = 7
    assert measured_gains("N95").max() == 1 and measured_frequencies()[0] == 0


def test_wrong_requests_say_what_is_expected() -> None:
    gains = measured_gains("N95")
    with pytest.raises(ValueError, match="Unknown face mask 'paper'; there are: surgical"):
        measured_gains("paper")
    with pytest.raises(ValueError, match="odd"):
        mask_filter(gains, sample_rate=16000, n_taps=96)
    with pytest.raises(ValueError, match="8000"):
        mask_filter(gains, sample_rate=44100)
