from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics.spectral import log_spectral_distance
from separate_cli.metrics.utterance import evaluate

RNG = np.random.default_rng(0)
REFERENCE, ESTIMATE = RNG.standard_normal((2, 2000))


def test_it_is_the_definition_written_out_frame_by_frame() -> None:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    spectra = [
        [np.abs(np.fft.fft(wave[start : start + 512] * window)[:257]) ** 2 for start in range(0, 2000 - 511, 256)]
        for wave in (ESTIMATE, REFERENCE)
    ]
    floor = 1e-6 * max(power.max() for power in spectra[1])
    distances = []
    for frames in zip(*spectra, strict=True):
        levels = [10 * np.log10(np.maximum(frame, floor)) for frame in frames]
        distances.append(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))
    assert len(distances) == 6
    assert log_spectral_distance(ESTIMATE, REFERENCE) == pytest.approx(np.mean(distances), rel=1e-12)


def test_a_gain_is_its_own_distance_and_a_common_gain_is_none() -> None:
    assert log_spectral_distance(REFERENCE, REFERENCE) == 0
    assert log_spectral_distance(2 * REFERENCE, REFERENCE) == pytest.approx(20 * np.log10(2))
    common = log_spectral_distance(0.01 * ESTIMATE, 0.01 * REFERENCE)
    assert common == pytest.approx(log_spectral_distance(ESTIMATE, REFERENCE))


def test_what_is_60_db_below_the_peak_does_not_count() -> None:
    tone = np.sin(2 * np.pi * np.arange(4096) * 64 / 512)
    assert log_spectral_distance(tone + 1e-6 * RNG.standard_normal(4096), tone) < 1e-3


def test_silence_is_far_away_but_defined_and_a_silent_reference_is_not() -> None:
    estimate = evaluate(np.zeros(2000), REFERENCE, sample_rate=8000, metrics=["lsd"])
    assert 30 < estimate["lsd"].output[0] <= 60
    reference = evaluate(REFERENCE, np.zeros(2000), sample_rate=8000, metrics=["lsd"])
    assert reference.reasons == {"lsd": "Reference 1 is silent."}


def test_a_signal_shorter_than_a_window_is_one_frame() -> None:
    assert log_spectral_distance(0.5 * REFERENCE[:100], REFERENCE[:100]) == pytest.approx(20 * np.log10(2), abs=0.2)


def test_a_lower_distance_is_an_improvement() -> None:
    mixture = REFERENCE + ESTIMATE
    result = evaluate(REFERENCE + 0.1 * ESTIMATE, REFERENCE, mixture, sample_rate=8000, metrics=["lsd"])
    assert result["lsd"].improvement is not None
    assert result["lsd"].improvement[0] > 3
