"""Multi-phase gammatone filterbank."""

from __future__ import annotations

import numpy as np
import pytest

from separate_cli.filterbanks import MultiphaseGammatoneFB


def test_every_filter_has_a_negative_and_all_have_the_same_energy() -> None:
    filters = MultiphaseGammatoneFB(128, 16).filters().numpy()[:, 0]
    negatives = {tuple(np.round(-one, 9)) for one in filters}
    assert {tuple(np.round(one, 9)) for one in filters} == negatives
    energy = np.square(filters).sum(1)
    np.testing.assert_allclose(energy, energy[0], rtol=1e-5)


def test_centre_frequencies_are_one_erb_apart_from_100_hz() -> None:
    # One phase a centre frequency: 48 filters with their negatives. A long kernel resolves the peaks.
    filters = MultiphaseGammatoneFB(48, 4096, sample_rate=16000.0).filters().numpy()[::2, 0]
    spectra = np.abs(np.fft.rfft(filters, 65536))
    peaks = np.fft.rfftfreq(65536, 1 / 16000)[spectra.argmax(1)]
    erb_rate = 9.265 * np.log(1 + peaks / (24.7 * 9.265))
    np.testing.assert_allclose(np.diff(erb_rate), 1, atol=0.06)
    assert abs(peaks[0] - 100) < 5


@pytest.mark.parametrize("n_filters", [2, 16, 50, 130])
def test_any_even_number_of_filters_is_shared_out(n_filters: int) -> None:
    assert MultiphaseGammatoneFB(n_filters, 16).filters().shape == (n_filters, 1, 16)


def test_an_odd_number_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        MultiphaseGammatoneFB(127, 16)


def test_nothing_is_learned() -> None:
    assert not list(MultiphaseGammatoneFB().parameters())
