from __future__ import annotations

import sys

import numpy as np
import pytest

from separate_cli.metrics.perceptual import pesq
from separate_cli.metrics.utterance import evaluate
from separate_cli.metrics.waves import Undefined

from .conftest import Goldens


def test_a_perfect_copy_reaches_the_top_of_each_scale(goldens: Goldens) -> None:
    speech = goldens["references"][0]
    assert pesq(speech, speech, sample_rate=8000, band="nb") == pytest.approx(4.549, abs=1e-3)
    assert pesq(speech, speech, sample_rate=16000, band="wb") == pytest.approx(4.644, abs=1e-3)


def test_noise_lowers_the_score(goldens: Goldens) -> None:
    speech = goldens["references"][0]
    noise = np.random.default_rng(0).standard_normal(len(speech))
    clean, noisy = (pesq(speech + level * noise, speech, sample_rate=8000, band="nb") for level in (0.001, 0.05))
    assert clean > noisy + 0.5


def test_the_automatic_band_is_wide_from_16_khz_on(goldens: Goldens) -> None:
    pair = goldens["estimates"][1], goldens["references"][0]
    for rate, named in ((8000, "pesq_nb"), (16000, "pesq_wb")):
        row = evaluate(*pair, sample_rate=rate, metrics=["pesq", named]).as_row()
        assert row["pesq"] == row[named]


def test_higher_rates_are_brought_down_to_16_khz(goldens: Goldens) -> None:
    import soxr

    pair = [goldens["estimates"][1], goldens["references"][0]]
    direct = pesq(*pair, sample_rate=16000, band="wb")
    upsampled = [soxr.resample(wave, 16000, 48000, "VHQ") for wave in pair]
    assert pesq(*upsampled, sample_rate=48000, band="wb") == pytest.approx(direct, abs=0.05)


def test_what_pesq_cannot_do_has_a_reason(goldens: Goldens) -> None:
    speech = goldens["references"][0]
    with pytest.raises(Undefined, match="at least 16000 Hz, got 8000"):
        pesq(speech, speech, sample_rate=8000, band="wb")
    with pytest.raises(Undefined, match="quarter of a second"):
        pesq(speech[:1000], speech[:1000], sample_rate=8000, band="nb")


def test_without_the_package_only_pesq_is_missing(goldens: Goldens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pesq", None)
    result = evaluate(goldens["estimates"], goldens["references"], sample_rate=8000, metrics=["snr", "pesq"])
    assert np.isfinite(result["snr"].output).all()
    assert np.isnan(result["pesq"].output).all()
    assert "pip install 'separate-cli[metrics]'" in result.reasons["pesq"]
