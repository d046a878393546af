"""Tapers against SciPy; weights that add up to one at every hop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import get_window

from separate_cli.dsp.windows import TAPERS, overlap_weights, taper


@pytest.mark.parametrize("name", sorted(set(TAPERS) - {"sqrt_hann", "hanning"}))
@pytest.mark.parametrize("length", [1, 2, 15, 64])
def test_tapers_are_scipys_periodic_windows(name: str, length: int) -> None:
    expected = np.maximum(get_window(name, length), 1e-8)
    np.testing.assert_allclose(taper(name, length), expected, atol=1e-12)


def test_square_root_and_old_name_belong_to_hann() -> None:
    assert torch.equal(taper("hanning", 32), taper("hann", 32))
    np.testing.assert_allclose(taper("sqrt_hann", 32)[1:].square(), taper("hann", 32)[1:], atol=1e-12)


@pytest.mark.parametrize("name", sorted(TAPERS))
@pytest.mark.parametrize("hop", range(1, 17))
def test_steady_weights_add_up_to_one_at_every_hop(name: str, hop: int) -> None:
    weights = overlap_weights(taper(name, 16), hop)
    total = torch.zeros(400, dtype=torch.float64)
    for start in range(0, 385, hop):
        total[start : start + 16] += weights
    torch.testing.assert_close(total[16:360], torch.ones(344, dtype=torch.float64))


@pytest.mark.parametrize("name", sorted(TAPERS))
@pytest.mark.parametrize("hop", [1, 3, 5, 8, 11, 16])
@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_weights_of_a_finite_row_of_chunks_add_up_to_one_up_to_the_ends(name: str, hop: int, count: int) -> None:
    window = taper(name, 16)
    total = torch.zeros(hop * (count - 1) + 16, dtype=torch.float64)
    for index in range(count):
        start = hop * index
        total[start : start + 16] += overlap_weights(window, hop, before=index, after=count - 1 - index)
    torch.testing.assert_close(total, torch.ones_like(total))


def test_weights_keep_the_shape_of_a_window_that_is_exact_already() -> None:
    torch.testing.assert_close(overlap_weights(taper("hann", 32), 16), taper("hann", 32), atol=1e-7, rtol=0)


def test_impossible_windows_and_hops_are_refused() -> None:
    with pytest.raises(ValueError, match="hann"):
        taper("han", 8)
    with pytest.raises(ValueError, match="at least one"):
        taper("hann", 0)
    for hop in (0, 9):
        with pytest.raises(ValueError, match="1 to 8"):
            overlap_weights(taper("hann", 8), hop)
    for window in (torch.zeros(8), torch.ones(2, 4), -torch.ones(8)):
        with pytest.raises(ValueError, match="positive"):
            overlap_weights(window, 2)
