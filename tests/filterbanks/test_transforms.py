"""Transforms against complex NumPy arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.filterbanks import STFTFB, Encoder
from separate_cli.filterbanks import transforms as t

DIMS = [-2, 1, 2, -3]


@pytest.fixture(params=DIMS)
def dim(request: pytest.FixtureRequest) -> int:
    return request.param


def stacked(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def as_complex(x: torch.Tensor, dim: int) -> np.ndarray:
    real, imaginary = np.split(x.numpy(), 2, axis=dim)
    return real + 1j * imaginary


def test_products_are_complex_products(dim: int) -> None:
    a, b = stacked(2, 6, 8, 4), stacked(2, 6, 8, 4)
    expected = as_complex(a, dim) * as_complex(b, dim)
    np.testing.assert_allclose(as_complex(t.mul_c(a, b, dim), dim), expected)
    np.testing.assert_allclose(as_complex(t.apply_complex_mask(a, b, dim), dim), expected)


def test_magnitude_and_phase_are_numpys_and_lead_back(dim: int) -> None:
    x = stacked(2, 6, 8, 4)
    magnitude, phase = t.magphase(x, dim)
    np.testing.assert_allclose(magnitude, np.sqrt(np.abs(as_complex(x, dim)) ** 2 + 1e-8))
    np.testing.assert_allclose(phase, np.angle(as_complex(x, dim)))
    torch.testing.assert_close(t.from_magphase(t.mag(x, dim, EPS=0), phase, dim), x)
    torch.testing.assert_close(t.magreim(x, dim), torch.cat([magnitude, x], dim))


def test_magnitude_has_a_finite_gradient_in_silence() -> None:
    x = torch.zeros(2, 6, 3, requires_grad=True)
    t.mag(x).sum().backward()
    assert torch.equal(x.grad, torch.zeros_like(x))


def test_masks_scale_or_turn_what_they_should(dim: int) -> None:
    x = stacked(2, 6, 8, 4)
    half = torch.rand_like(t.mag(x, dim))
    np.testing.assert_allclose(as_complex(t.apply_mag_mask(x, half, dim), dim), as_complex(x, dim) * half.numpy())
    full = torch.rand_like(x)
    assert torch.equal(t.apply_real_mask(x, full, dim), x * full)


def test_a_magnitude_mask_of_several_sources_broadcasts() -> None:
    x, mask = stacked(2, 1, 10, 7), torch.rand(2, 3, 5, 7, dtype=torch.float64)
    out = t.apply_mag_mask(x, mask)
    assert out.shape == (2, 3, 10, 7)
    torch.testing.assert_close(out, x * torch.cat([mask, mask], -2))


def test_conversions_lead_there_and_back(dim: int) -> None:
    x = stacked(2, 6, 8, 4)
    np.testing.assert_array_equal(t.to_numpy(x, dim), as_complex(x, dim))
    np.testing.assert_array_equal(t.to_torch_complex(x, dim).numpy(), as_complex(x, dim))
    np.testing.assert_array_equal(torch.view_as_complex(t.to_torchaudio(x, dim)).numpy(), as_complex(x, dim))
    assert torch.equal(t.from_numpy(t.to_numpy(x, dim), dim), x)
    assert torch.equal(t.from_torch_complex(t.to_torch_complex(x, dim), dim), x)
    assert torch.equal(t.from_torchaudio(t.to_torchaudio(x, dim), dim), x)


def test_a_tone_stands_still_after_centre_frequency_correction() -> None:
    encoder = Encoder(STFTFB(32, 32, 8))
    frames = encoder(torch.cos(2 * torch.pi * 5 * torch.arange(400) / 32))
    still = t.to_torch_complex(t.centerfreq_correction(frames, 32, 8))[5]
    turning = t.to_torch_complex(frames)[5]
    assert (still - still[0]).abs().max() < 1e-2 * still.abs().max()  # what is left leaks from the negative frequency
    assert (turning - turning[0]).abs().max() > still.abs().max()


def test_centre_frequency_correction_of_frames_and_of_phases_agree() -> None:
    x = stacked(2, 10, 6)
    corrected = t.phase_centerfreq_correction(t.angle(x), kernel_size=8)
    expected = t.from_magphase(t.mag(x, EPS=0), corrected)
    torch.testing.assert_close(t.centerfreq_correction(x, kernel_size=8), expected)
    moved = t.centerfreq_correction(x.movedim(1, 0), kernel_size=8, dim=0)
    torch.testing.assert_close(moved.movedim(0, 1), expected)


def test_what_is_not_complex_is_refused() -> None:
    odd = torch.randn(2, 5, 3)
    assert not t.is_asteroid_complex(odd)
    assert t.is_asteroid_complex(odd[:, :4])
    for refused in (t.check_complex, t.reim, t.mag, t.angle, t.to_numpy, t.to_torchaudio):
        with pytest.raises(ValueError, match="as many real as imaginary"):
            refused(odd)
    for refused in (t.check_torchaudio_complex, t.from_torchaudio):
        with pytest.raises(ValueError, match="along the last axis"):
            refused(odd)
    with pytest.raises(ValueError, match="complex tensor"):
        t.from_torch_complex(odd)
    with pytest.raises(ValueError, match="mask of 2"):
        t.apply_mag_mask(odd[:, :4], torch.rand(2, 4, 3))
    with pytest.raises(ValueError, match="last axis"):
        t.centerfreq_correction(odd, 8, dim=-1)


@pytest.mark.parametrize("function", [t.mul_c, t.apply_complex_mask, t.apply_real_mask])
def test_gradients_of_products_are_exact(function) -> None:
    inputs = [stacked(1, 4, 2).requires_grad_() for _ in range(2)]
    assert torch.autograd.gradcheck(function, inputs)


@pytest.mark.parametrize("function", [t.mag, t.magreim, t.angle, t.to_torch_complex])
def test_gradients_of_parts_are_exact(function) -> None:
    assert torch.autograd.gradcheck(function, stacked(1, 4, 2).requires_grad_())
