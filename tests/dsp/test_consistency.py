"""Mixture consistency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.dsp.consistency import mixture_consistency

GOLDENS = {
    name: torch.from_numpy(value) for name, value in np.load(Path(__file__).parent / "goldens" / "signals.npz").items()
}


def test_numbers_are_asteroids() -> None:
    mixture, estimates = GOLDENS["mixture"], GOLDENS["estimates"]
    torch.testing.assert_close(mixture_consistency(mixture, estimates), GOLDENS["consistent"])
    weighted = mixture_consistency(mixture, estimates, GOLDENS["weights"])
    torch.testing.assert_close(weighted, GOLDENS["consistent_weighted"])


@pytest.mark.parametrize(
    ("shape", "dim"), [((2, 3, 50), 1), ((2, 3, 5, 50), 1), ((2, 5, 3, 50), 2), ((2, 3, 50), -2), ((3, 50), 0)]
)
@pytest.mark.parametrize("settings", [{}, {"weighting": "equal"}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_estimates_add_up_to_the_mixture(
    shape: tuple[int, ...], dim: int, settings: dict[str, str], dtype: torch.dtype
) -> None:
    estimates = torch.randn(shape, dtype=dtype)
    mixture = torch.randn_like(estimates.sum(dim))
    moved = mixture_consistency(mixture, estimates, dim=dim, **settings)  # type: ignore[arg-type]
    torch.testing.assert_close(moved.sum(dim), mixture, atol=1e-5, rtol=1e-4)
    again = mixture_consistency(mixture.unsqueeze(dim), moved, dim=dim, **settings)  # type: ignore[arg-type]
    torch.testing.assert_close(again, moved, atol=1e-5, rtol=1e-4)


def test_equal_shares_move_estimates_as_little_as_possible() -> None:
    """The least-squares step of Wisdom et al., against NumPy's minimum-norm solution."""
    estimates, mixture = torch.randn(1, 3, 4, dtype=torch.float64), torch.randn(1, 4, dtype=torch.float64)
    missing = (mixture - estimates.sum(1)).numpy()
    step = np.linalg.lstsq(np.ones((1, 3)), missing, rcond=None)[0]
    moved = mixture_consistency(mixture, estimates, weighting="equal")
    np.testing.assert_allclose((moved - estimates)[0], step)


def test_silent_estimates_get_nothing_and_give_no_nan() -> None:
    estimates = torch.stack([torch.ones(4), torch.zeros(4)]).unsqueeze(0)
    moved = mixture_consistency(torch.full((1, 4), 3.0), estimates)
    torch.testing.assert_close(moved, torch.stack([torch.full((4,), 3.0), torch.zeros(4)]).unsqueeze(0))
    assert torch.isfinite(mixture_consistency(torch.ones(1, 4), torch.zeros(1, 2, 4))).all()


@pytest.mark.parametrize("weighting", ["power", "equal"])
def test_gradients_are_exact(weighting: str) -> None:
    inputs = [torch.randn(1, 4, dtype=torch.float64), torch.randn(1, 2, 4, dtype=torch.float64)]
    assert torch.autograd.gradcheck(
        lambda mixture, estimates: mixture_consistency(mixture, estimates, weighting=weighting),  # type: ignore[arg-type]
        [one.requires_grad_() for one in inputs],
    )


def test_misfits_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 1, 50\)"):
        mixture_consistency(torch.randn(2, 49), torch.randn(2, 3, 50))
    with pytest.raises(ValueError, match="equal"):
        mixture_consistency(torch.randn(2, 50), torch.randn(2, 3, 50), weighting="fair")  # type: ignore[arg-type]
