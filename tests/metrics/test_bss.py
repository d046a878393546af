from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.metrics.bss import bss_eval
from separate_cli.metrics.projection import DelayedRows, filtered_sum
from separate_cli.metrics.utterance import evaluate

from .conftest import Goldens

RNG = np.random.default_rng(0)


def shifted(rows: np.ndarray, taps: int) -> np.ndarray:
    """All rows at all delays, ``(row·tap, time + taps - 1)``, written out."""
    return np.array([np.pad(row, (delay, taps - 1 - delay)) for row in rows for delay in range(taps)])


def test_the_projection_is_the_least_squares_fit_in_the_time_domain() -> None:
    rows, signal = RNG.standard_normal((3, 60)), RNG.standard_normal((1, 60))
    basis = shifted(rows, 5)
    coefficients = np.linalg.lstsq(basis.T, np.pad(signal[0], (0, 4)), rcond=None)[0]
    space = DelayedRows(rows, taps=5)
    filters = space.filters(signal)
    np.testing.assert_allclose(filters[0].ravel(), coefficients, atol=1e-12)
    np.testing.assert_allclose(filtered_sum(rows, filters)[0], coefficients @ basis, atol=1e-12)


def test_some_rows_can_be_used_alone() -> None:
    rows, signal = RNG.standard_normal((3, 60)), RNG.standard_normal((2, 60))
    alone = DelayedRows(rows[[2]], taps=5).filters(signal)
    np.testing.assert_allclose(DelayedRows(rows, taps=5).filters(signal, [2]), alone, atol=1e-12)


def test_quiet_and_loud_rows_are_fitted_alike() -> None:
    rows, signal = RNG.standard_normal((2, 200)), RNG.standard_normal((1, 200))
    fitted = filtered_sum(rows, DelayedRows(rows, taps=8).filters(signal))
    scaled = rows * np.array([[1e-6], [1e5]])
    np.testing.assert_allclose(filtered_sum(scaled, DelayedRows(scaled, taps=8).filters(signal)), fitted, atol=1e-9)


@pytest.mark.parametrize("twin", ["equal", "silent"])
def test_a_row_that_adds_nothing_changes_nothing(twin: str) -> None:
    rows, signal = RNG.standard_normal((2, 400)), RNG.standard_normal((1, 400))
    fitted = filtered_sum(rows, DelayedRows(rows, taps=16).filters(signal))
    more = np.concatenate([rows, rows[:1] if twin == "equal" else np.zeros((1, 400))])
    np.testing.assert_allclose(filtered_sum(more, DelayedRows(more, taps=16).filters(signal)), fitted, atol=1e-8)


def test_values_are_those_of_mir_eval_estimates_mixture_and_single_source(goldens: Goldens) -> None:
    references, estimates = goldens["references"], goldens["estimates"]
    mixture = references.sum(axis=0, keepdims=True)
    pairs = [(1, 0), (0, 1), (2, 0), (2, 1)]
    scores = bss_eval(np.concatenate([estimates, mixture]), references, pairs)
    np.testing.assert_array_equal(goldens["bss_permutation"], [1, 0])
    np.testing.assert_allclose(scores[:, :2], goldens["bss"], atol=1e-6)
    np.testing.assert_allclose(scores[:2, 2:], goldens["bss_input"][:2], atol=1e-6)
    assert (scores[2, 2:] > 150).all()  # a mixture of the references has no artefacts: only rounding is left
    single = bss_eval(estimates[1:], references[:1])
    assert single[1] == np.inf
    np.testing.assert_allclose(single, goldens["bss_single"], atol=1e-6)


def test_values_do_not_change_after_torch_was_given_two_threads(goldens: Goldens) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch.ones(512, 512) @ torch.ones(512, 512)
        scores = bss_eval(goldens["estimates"][::-1], goldens["references"])
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(scores, goldens["bss"], atol=1e-6)


def test_a_short_filter_of_the_reference_is_no_distortion() -> None:
    references = RNG.standard_normal((2, 4000))
    filtered = np.array([np.convolve(row, [1, -0.5, 0.25])[:4000] for row in references])
    assert (bss_eval(filtered, references)[0] > 30).all()  # only the cut-off tail is lost


def test_a_silent_reference_is_left_out_and_named(goldens: Goldens) -> None:
    references = np.concatenate([goldens["references"], np.zeros((1, 24000))])
    estimates = np.concatenate([goldens["estimates"][::-1], 0.1 * goldens["estimates"][:1]])
    result = evaluate(estimates, references, sample_rate=8000, metrics=["sdr", "sir"], permute=False)
    np.testing.assert_allclose(result["sdr"].output[:2], goldens["bss"][0], atol=1e-6)
    assert np.isnan(result["sdr"].output[2])
    assert result.reasons["sir"] == "Reference 3 is silent."
