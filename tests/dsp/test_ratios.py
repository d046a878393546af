"""Decibels."""

from __future__ import annotations

import pytest
import torch

from separate_cli.dsp import ratios


def test_decibels_lead_there_and_back() -> None:
    level_db = torch.linspace(-120, 60, 50, dtype=torch.float64)
    torch.testing.assert_close(ratios.power_to_db(ratios.db_to_power(level_db)), level_db)
    torch.testing.assert_close(ratios.amplitude_to_db(ratios.db_to_amplitude(level_db)), level_db)
    torch.testing.assert_close(ratios.db_to_amplitude(level_db).square(), ratios.db_to_power(level_db))


def test_silence_has_a_finite_level_and_gradient() -> None:
    wav = torch.zeros(10, requires_grad=True)
    level = ratios.power_to_db(wav.square().mean())
    level.backward()
    assert level == -200
    assert torch.equal(wav.grad, torch.zeros(10))


@pytest.mark.parametrize("level_db", [-5.0, 0.0, 12.5])
def test_the_gain_for_an_snr_gives_that_snr(level_db: float) -> None:
    signal, noise = torch.randn(3, 400), 5 * torch.randn(3, 400)
    gain = ratios.noise_gain_for_snr(signal, noise, level_db)
    torch.testing.assert_close(
        ratios.snr_db(signal, gain[:, None] * noise), torch.full((3,), level_db), atol=1e-4, rtol=0
    )


def test_silent_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="silent"):
        ratios.noise_gain_for_snr(torch.ones(2, 4), torch.zeros(2, 4), 0.0)


def test_rms_of_a_sine_is_its_peak_over_root_two() -> None:
    sine = 3 * torch.sin(2 * torch.pi * torch.arange(100) / 20)
    torch.testing.assert_close(ratios.rms(sine), torch.tensor(3 / 2**0.5))
    assert ratios.rms(sine.reshape(1, 100), keepdim=True).shape == (1, 1)
