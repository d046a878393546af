"""The level of speech does not depend on its pauses."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.signals import voice
from separate_cli.data.levels import active_level_db

RATE = 16000
SPEECH = voice(3, 3 * RATE).astype(np.float32)


def rms_db(wave: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.asarray(wave, np.float64) ** 2)))


def test_without_pauses_it_is_the_mean_square() -> None:
    noise = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    assert active_level_db(noise, sample_rate=RATE) == pytest.approx(rms_db(noise), abs=0.1)


@pytest.mark.parametrize("pause_seconds", [1.0, 3.0, 10.0])
def test_pauses_hardly_change_it(pause_seconds: float) -> None:
    pause = np.zeros(round(pause_seconds * RATE), np.float32)
    padded = np.concatenate([pause, SPEECH, pause, SPEECH, pause])
    assert active_level_db(padded, sample_rate=RATE) == pytest.approx(
        active_level_db(SPEECH, sample_rate=RATE), abs=0.4
    )


@pytest.mark.parametrize("gain_db", [-40.0, -6.0, 12.0])
def test_it_follows_the_gain(gain_db: float) -> None:
    louder = SPEECH * np.float32(10 ** (gain_db / 20))
    expected = active_level_db(SPEECH, sample_rate=RATE) + gain_db
    assert active_level_db(louder, sample_rate=RATE) == pytest.approx(expected, abs=1e-3)


def test_noise_far_below_the_speech_is_a_pause() -> None:
    hiss = np.float32(1e-4) * np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32)
    noisy = np.concatenate([hiss, SPEECH + hiss[: len(SPEECH)], hiss])
    assert active_level_db(noisy, sample_rate=RATE) == pytest.approx(active_level_db(SPEECH, sample_rate=RATE), abs=0.4)


def test_the_sample_rate_does_not_matter() -> None:
    from scipy.signal import resample_poly

    low = resample_poly(SPEECH, 1, 2).astype(np.float32)
    assert active_level_db(low, sample_rate=RATE / 2) == pytest.approx(
        active_level_db(SPEECH, sample_rate=RATE) + rms_db(low) - rms_db(SPEECH), abs=0.2
    )


def test_silence_has_no_level() -> None:
    assert active_level_db(np.zeros(100, np.float32), sample_rate=RATE) == float("-inf")
