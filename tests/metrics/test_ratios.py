from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics.ratios import decibels, pairwise_si_sdr, si_sdr, snr

RNG = np.random.default_rng(0)
REFERENCE, ESTIMATE = RNG.standard_normal((2, 1000))


def test_si_sdr_is_the_best_snr_over_all_gains_of_the_reference() -> None:
    reference, estimate = (wave - wave.mean() for wave in (REFERENCE, REFERENCE + 0.5 * ESTIMATE))
    gains = np.linspace(0.5, 1.5, 20001)
    errors = [np.sum((gain * reference - estimate) ** 2) for gain in gains]
    best = gains[int(np.argmin(errors))]
    expected = 10 * np.log10(np.sum((best * reference) ** 2) / min(errors))
    assert si_sdr(estimate, reference) == pytest.approx(expected, abs=1e-3)


def test_si_sdr_ignores_gain_and_offset() -> None:
    estimate = REFERENCE + 0.1 * ESTIMATE
    assert si_sdr(-7 * estimate + 3, REFERENCE - 1) == pytest.approx(si_sdr(estimate, REFERENCE), abs=1e-9)


def test_without_zero_mean_the_offset_counts() -> None:
    assert si_sdr(REFERENCE + 1, REFERENCE, zero_mean=False) < 3
    assert si_sdr(REFERENCE + 1, REFERENCE) > 200


def test_si_sdr_resolves_errors_150_db_down() -> None:
    noise = ESTIMATE - (ESTIMATE @ REFERENCE) / (REFERENCE @ REFERENCE) * REFERENCE
    noise *= np.linalg.norm(REFERENCE) / np.linalg.norm(noise)
    assert si_sdr(REFERENCE + 10**-7.5 * noise, REFERENCE, zero_mean=False) == pytest.approx(150, abs=1e-3)


def test_snr_depends_on_the_level() -> None:
    assert snr(0.5 * REFERENCE, REFERENCE) == pytest.approx(20 * np.log10(2))
    assert snr(np.zeros(1000), REFERENCE) == 0


def test_ratios_of_nothing_are_infinite_or_undefined_never_wrong() -> None:
    assert decibels(1, 0) == np.inf
    assert decibels(0, 1) == -np.inf
    assert np.isnan(decibels(0, 0))
    assert np.isnan(si_sdr(np.zeros(10), np.ones(10)))


def test_the_matrix_holds_estimate_by_reference() -> None:
    references = RNG.standard_normal((3, 500))
    estimates = references + 0.3 * RNG.standard_normal((3, 500))
    estimates = np.concatenate([estimates, np.zeros((1, 500))])
    matrix = pairwise_si_sdr(estimates, references)
    assert matrix.shape == (4, 3)
    np.testing.assert_allclose(matrix[1, 2], si_sdr(estimates[1], references[2]), atol=1e-9)
    np.testing.assert_array_equal(matrix[3], -100)
