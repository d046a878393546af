"""Parametrised sinc filterbank: what its filters let through."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.filterbanks import ParamSincFB


def test_each_filter_passes_its_band_and_stops_the_others() -> None:
    rate, bank = 16000.0, ParamSincFB(n_filters=2, kernel_size=401, sample_rate=16000.0)
    with torch.no_grad():
        bank.low_hz_.fill_(1950.0)  # 50 Hz more is the lower edge: 2000 Hz
        bank.band_hz_.fill_(950.0)  # 50 Hz more is the band: 1000 Hz
    response = np.abs(np.fft.rfft(bank.filters().detach().numpy()[:, 0], 16000))
    hz = np.fft.rfftfreq(16000, 1 / rate)
    inside, outside = (hz > 2100) & (hz < 2900), (hz < 1850) | (hz > 3150)
    for one in response:
        assert one[inside].min() > 0.97 * one.max()
        assert one[outside].max() < 0.01 * one.max()


def test_cosines_are_even_with_one_in_the_middle_and_sines_are_odd() -> None:
    filters = ParamSincFB(n_filters=16, kernel_size=33).filters().detach().squeeze(1)
    cosines, sines = filters[:8], filters[8:]
    assert torch.equal(cosines, cosines.flip(1))
    assert torch.equal(sines, -sines.flip(1))
    assert torch.equal(cosines[:, 16], torch.ones(8))


def test_first_bands_are_evenly_spread_over_the_mel_scale() -> None:
    bank = ParamSincFB(n_filters=64, kernel_size=33, sample_rate=8000.0)
    mel = 2595 * np.log10(1 + bank.low_hz_.detach().double().numpy()[:, 0] / 700)
    np.testing.assert_allclose(np.diff(mel), np.diff(mel).mean(), rtol=1e-3)
    torch.testing.assert_close(bank.low_hz_[:-1] + bank.band_hz_[:-1], bank.low_hz_[1:])


def test_an_even_kernel_becomes_one_longer_and_keeps_its_stride() -> None:
    bank = ParamSincFB(n_filters=9, kernel_size=16)
    assert (bank.kernel_size, bank.stride, bank.n_feats_out) == (17, 8, 8)
    assert bank.filters().shape == (8, 1, 17)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_filters": 1}, "at least 2"),
        ({"min_low_hz": 4000}, "No room"),
        ({"min_band_hz": -1}, "No room"),
        ({"sample_rate": 200.0}, "No room"),
    ],
)
def test_impossible_bands_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ParamSincFB(**{"n_filters": 8, "kernel_size": 17, "sample_rate": 8000.0} | arguments)  # type: ignore[arg-type]
