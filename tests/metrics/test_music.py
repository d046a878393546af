from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics.bss import bss_eval
from separate_cli.metrics.music import bss_eval_images
from separate_cli.metrics.utterance import evaluate

from .conftest import Goldens

RNG = np.random.default_rng(0)


def test_frames_are_those_of_museval(goldens: Goldens) -> None:
    frames = bss_eval_images(
        goldens["stereo_estimates"], goldens["stereo"], window_samples=2000, hop_samples=1500, filter_taps=64
    )
    assert frames.shape == (4, 2, 3)
    np.testing.assert_allclose(frames, goldens["images"], atol=1e-8)


def test_sir_and_sar_of_one_channel_and_one_frame_are_those_of_version_3() -> None:
    references = RNG.standard_normal((2, 3000))
    estimates = references + 0.4 * references[::-1] + 0.1 * RNG.standard_normal((2, 3000))
    images = bss_eval_images(estimates[:, None], references[:, None], filter_taps=32)
    np.testing.assert_allclose(images[2:, :, 0], bss_eval(estimates, references, filter_taps=32)[1:], atol=1e-9)


def test_a_filtered_reference_is_a_spatial_error_now() -> None:
    references = RNG.standard_normal((2, 2, 4000))
    sdr, isr, _, sar = bss_eval_images(0.5 * references, references, filter_taps=16)[..., 0]
    np.testing.assert_allclose(sdr, 20 * np.log10(2), atol=1e-6)
    np.testing.assert_allclose(isr, sdr, atol=1e-6)
    assert (sar > 100).all()


def test_frames_with_a_silent_source_have_no_value_and_do_not_count() -> None:
    references = RNG.standard_normal((2, 1, 3000))
    estimates = references + 0.1 * RNG.standard_normal((2, 1, 3000))
    references[1, :, 1000:2000] = 0
    frames = bss_eval_images(estimates, references, window_samples=1000, filter_taps=8)
    np.testing.assert_array_equal(np.isnan(frames[0]), [[False, True, False]] * 2)


def test_one_mono_source_on_two_channels_scores_as_on_one() -> None:
    references = RNG.standard_normal((2, 1, 2000))
    estimates = references + 0.1 * RNG.standard_normal((2, 1, 2000))
    stereo = [np.repeat(waves, 2, axis=1) for waves in (estimates, references)]
    mono = bss_eval_images(estimates, references, filter_taps=16)
    np.testing.assert_allclose(bss_eval_images(*stereo, filter_taps=16), mono, atol=1e-6)


def test_evaluate_gives_medians_of_seconds_for_stereo_and_its_mixture() -> None:
    references = RNG.standard_normal((2, 2, 900))
    estimates = references + 0.3 * RNG.standard_normal((2, 2, 900))
    mixture = references.sum(axis=0)
    result = evaluate(estimates, references, mixture, sample_rate=300, metrics=["sdr_v4", "snr"])
    frames = bss_eval_images(estimates, references, window_samples=300)
    np.testing.assert_allclose(result["sdr_v4"].output, np.median(frames[0], axis=-1))
    channels = 10 * np.log10(np.sum(references**2, -1) / np.sum((mixture - references) ** 2, -1))
    assert result["snr"].input is not None
    np.testing.assert_allclose(result["snr"].input, channels.mean(axis=1))


@pytest.mark.parametrize("silent", ["references", "scored signals"])
def test_a_silent_track_has_a_reason(silent: str) -> None:
    waves = {name: RNG.standard_normal((2, 100)) for name in ("references", "scored signals")}
    waves[silent][1] = 0
    result = evaluate(waves["scored signals"], waves["references"], sample_rate=50, metrics=["sar_v4"], permute=False)
    assert np.isnan(result["sar_v4"].output).all()
    assert f"One of the {silent} is silent" in result.reasons["sar_v4"]
