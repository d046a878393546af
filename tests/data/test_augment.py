"""Speed, level, room and noise against formulas and direct sums."""

from __future__ import annotations

import numpy as np
import pytest

from separate_cli.data.augment import (
    add_noise,
    align_response,
    apply_room,
    change_level,
    change_speed,
    colour,
    fit_length,
    limit_band,
    loop,
    mute_pauses,
)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.5, 40.0])
def test_noise_is_added_at_exactly_the_asked_ratio(snr_db: float) -> None:
    speech = 0.01 * noise(8000, 1)
    added = (add_noise(speech, noise(8000, 2), snr_db=snr_db) - speech).astype(np.float64)
    ratio_db = 10 * np.log10(np.sum(speech.astype(np.float64) ** 2) / np.sum(added**2))
    assert ratio_db == pytest.approx(snr_db, abs=2e-3)


def test_silence_gets_no_noise_and_silent_noise_changes_nothing() -> None:
    silence = np.zeros(100, np.float32)
    np.testing.assert_array_equal(add_noise(silence, noise(100), snr_db=0), silence)
    np.testing.assert_array_equal(add_noise(noise(100), silence, snr_db=0), noise(100))


@pytest.mark.parametrize(("factor", "in_rate", "out_rate"), [(1.25, 16000, 16000), (0.9, 44100, 16000)])
def test_speed_multiplies_frequency_and_divides_length(factor: float, in_rate: int, out_rate: int) -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(in_rate) / in_rate).astype(np.float32)
    changed = change_speed(wave, factor, in_rate=in_rate, out_rate=out_rate)
    assert len(changed) == pytest.approx(out_rate / factor, abs=2)
    spectrum = np.abs(np.fft.rfft(changed * np.hanning(len(changed))))
    peak_hz = np.argmax(spectrum) * out_rate / len(changed)
    assert peak_hz == pytest.approx(1000 * factor, abs=2)


def test_level_is_in_decibels() -> None:
    np.testing.assert_allclose(change_level(noise(10), -6.0), noise(10) * 10 ** (-6 / 20), rtol=1e-6)


@pytest.mark.parametrize("hertz", [1000, 2000, 4000])
def test_colour_has_the_asked_gain_at_each_octave_and_no_delay(hertz: int) -> None:
    gains_db = [0.0, 3.0, -6.0, 2.0, -9.0, 5.0, 1.0]  # at 125, 250, ..., 8000 Hz
    wave = np.sin(2 * np.pi * hertz * np.arange(8000) / 16000).astype(np.float32)
    coloured = colour(wave, gains_db, sample_rate=16000)
    gain_db = gains_db[round(np.log2(hertz / 125))]
    np.testing.assert_allclose(
        coloured[500:-500], wave[500:-500] * 10 ** (gain_db / 20), atol=0.05
    )  # corners are round


def test_colour_without_gains_changes_nothing() -> None:
    np.testing.assert_allclose(colour(noise(2000), [0.0] * 7, sample_rate=16000), noise(2000), atol=1e-5)


def test_only_frames_below_the_threshold_are_muted() -> None:
    levels_db = np.array([-60.0, 0.0, -39.0, -41.0, -10.0])
    wave = np.repeat(10 ** (levels_db / 20), 160).astype(np.float32) * np.where(np.arange(800) % 2, 1, -1)
    muted = mute_pauses(wave.astype(np.float32), below_db=-40, frame=160)
    np.testing.assert_array_equal(muted.reshape(5, 160).any(axis=1), levels_db > -40)
    np.testing.assert_array_equal(muted[160:480], wave[160:480])


def test_room_is_a_convolution_cut_to_the_length_of_the_wave() -> None:
    wave, response = noise(300, 1), noise(40, 2)
    direct = np.convolve(wave.astype(np.float64), response)[:300]
    np.testing.assert_allclose(apply_room(wave, response), direct, atol=1e-4)


def test_aligned_response_begins_at_the_direct_sound_with_energy_one() -> None:
    response = np.zeros(1000, np.float32)
    response[[200, 300, 900]] = [-3, 1, 2]
    aligned = align_response(response, max_frames=500)
    assert len(aligned) == 500
    assert np.argmax(np.abs(aligned)) == 0
    assert np.sum(aligned**2) == pytest.approx(1, rel=1e-6)
    assert aligned[100] / aligned[0] == pytest.approx(-1 / 3)


def test_a_silent_response_is_refused() -> None:
    with pytest.raises(ValueError, match="silence"):
        align_response(np.zeros(10, np.float32), max_frames=5)


def test_looping_goes_on_at_the_start() -> None:
    wave = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(loop(wave, 12, start=3), [3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4])


def test_length_is_cut_or_filled_with_silence() -> None:
    np.testing.assert_array_equal(fit_length(np.ones(5, np.float32), 3), [1, 1, 1])
    np.testing.assert_array_equal(fit_length(np.ones(2, np.float32), 4), [1, 1, 0, 0])


def test_colour_has_the_asked_gains_at_the_octaves_and_no_delay() -> None:
    impulse = np.zeros(1001, np.float32)
    impulse[500] = 1
    gains_db = [3.0, -6.0, 0.0, 4.0, -2.0]
    response = colour(impulse, gains_db, sample_rate=16000)
    np.testing.assert_allclose(response, response[::-1], atol=1e-7)
    frequencies = np.fft.rfftfreq(16000, 1 / 16000)
    level_db = 20 * np.log10(np.abs(np.fft.rfft(response, 16000)))
    for octave, gain_db in zip([500, 1000, 2000, 4000], gains_db, strict=False):
        assert level_db[frequencies == octave][0] == pytest.approx(gain_db, abs=1.5)


def test_only_pauses_are_muted() -> None:
    wave = np.concatenate([noise(320, 1), 0.001 * noise(330, 2), noise(320, 3)])
    muted = mute_pauses(wave, below_db=-40, frame=10)
    np.testing.assert_array_equal(muted[:320], wave[:320])
    np.testing.assert_array_equal(muted[320:650], 0)
    np.testing.assert_array_equal(muted[650:], wave[650:])
    np.testing.assert_array_equal(mute_pauses(np.zeros(7, np.float32), below_db=-40, frame=3), 0)


@pytest.mark.parametrize(("hertz", "gain"), [(1000, 1.0), (3400, 0.5), (3900, 0.0)])
def test_a_limited_band_ends_at_the_share_without_delay(hertz: int, gain: float) -> None:
    wave = np.sin(2 * np.pi * hertz * np.arange(4000) / 8000).astype(np.float32)
    limited = limit_band(np.stack([wave, -wave]), 0.85, n_taps=65)
    np.testing.assert_allclose(limited[:, 100:-100], gain * np.stack([wave, -wave])[:, 100:-100], atol=0.02)
