"""Analytic free filterbank."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import hilbert

from separate_cli.filterbanks import AnalyticFreeFB


@pytest.mark.parametrize("kernel", [4, 5, 16, 21])
def test_hilbert_partners_are_scipys(kernel: int) -> None:
    bank = AnalyticFreeFB(8, kernel, quadrature="hilbert")
    real, imaginary = bank.filters().detach().squeeze(1).numpy().reshape(2, 4, kernel)
    np.testing.assert_allclose(imaginary, hilbert(real.astype(float)).imag, atol=1e-6)


@pytest.mark.parametrize("kernel", [4, 5, 16])
def test_reversed_partners_have_the_conjugate_spectrum(kernel: int) -> None:
    real, partner = AnalyticFreeFB(8, kernel).filters().detach().squeeze(1).numpy().reshape(2, 4, kernel)
    np.testing.assert_allclose(np.fft.rfft(partner), np.fft.rfft(real).conj(), atol=1e-6)


def test_an_odd_number_of_filters_is_rounded_down() -> None:
    bank = AnalyticFreeFB(9, 4)
    assert bank.n_feats_out == len(bank.filters()) == 8


def test_only_the_real_parts_are_saved() -> None:
    assert {name: tuple(value.shape) for name, value in AnalyticFreeFB(8, 4).state_dict().items()} == {
        "_filters": (4, 1, 4)
    }


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        AnalyticFreeFB(1, 4)
    with pytest.raises(ValueError, match="reversed, hilbert"):
        AnalyticFreeFB(8, 4, quadrature="conjugate")  # type: ignore[arg-type]


def test_gradients_are_exact() -> None:
    bank = AnalyticFreeFB(6, 5, quadrature="hilbert").double()
    assert torch.autograd.gradcheck(lambda free: torch.cat([free, free @ bank._partner_map]), bank._filters)
