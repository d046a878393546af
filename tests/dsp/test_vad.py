"""Voice activity."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from separate_cli.dsp.vad import Binarize, ebased_vad

PATTERNS = {
    # What asteroid 0.7.0 makes of it with four samples of stability.
    "0000011100000": "0000000000000",
    "000011111000": "000011111111",
    "0001000100011111100011111110000000": "0000000000011111111111111110000000",
    "111000000": "000000000",
    "1110": "1111",
    "10000": "00000",
    "0101101000": "0000000000",
    "1": "1",
}


def by_hand(bits: str, shortest: int) -> str:
    """The rule of ``Binarize`` on a string."""
    if len(set(bits)) == 1:
        return bits
    runs = ["".join(group) for _, group in itertools.groupby(bits)]
    stretches = [runs[0]]
    for before, run in itertools.pairwise(runs):
        if len(before) < shortest and len(run) < shortest:
            stretches[-1] += run
        else:
            stretches.append(run)
    out, state = "", "0"
    for stretch in stretches:
        if len(stretch) >= shortest:
            state = "1" if 2 * stretch.count("1") > len(stretch) else "0"
        out += state * len(stretch)
    return out


def values_of(bits: str) -> torch.Tensor:
    return torch.tensor([float(bit) for bit in bits])


def bits_of(values: torch.Tensor) -> str:
    return "".join(str(int(value)) for value in values)


@pytest.mark.parametrize(("bits", "expected"), PATTERNS.items())
def test_patterns_come_out_as_asteroids(bits: str, expected: str) -> None:
    assert bits_of(Binarize(stability=0.04, sample_rate=100)(values_of(bits))) == expected


@pytest.mark.parametrize("shortest", [0, 1, 2, 3])
def test_every_short_pattern_follows_the_rule(shortest: int) -> None:
    steady = Binarize(stability=shortest, sample_rate=1)
    for length in range(1, 8):
        for bits in map("".join, itertools.product("01", repeat=length)):
            assert bits_of(steady(values_of(bits))) == by_hand(bits, shortest), bits


def test_rows_are_decided_alone_and_keep_their_shape() -> None:
    """Silence in one row must not change the others."""
    rows = torch.stack([torch.zeros(20), torch.ones(20), torch.rand(20)]).reshape(3, 1, 20)
    steady = Binarize(stability=0.3, sample_rate=10)
    out = steady(rows)
    assert out.shape == rows.shape
    for row, alone in zip(out, rows, strict=True):
        assert torch.equal(row, steady(alone))
    assert torch.equal(out[0], torch.zeros(1, 20))
    assert steady(torch.rand(2, 3, 4, 20).double()).dtype == torch.float64
    assert steady(torch.rand(0, 20)).shape == (0, 20)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="stability"):
        Binarize(stability=-1.0)
    with pytest.raises(ValueError, match="rate"):
        Binarize(sample_rate=0)


@pytest.mark.parametrize("th_db", [3, 10, 40])
def test_active_bins_are_within_the_range_below_the_loudest(th_db: float) -> None:
    spec = np.random.default_rng(0).random((2, 3, 5, 20))
    level = 20 * np.log10(spec)
    expected = level > level.max((-2, -1), keepdims=True) - th_db
    assert np.array_equal(ebased_vad(torch.from_numpy(spec), th_db), expected)


def test_silence_is_inactive_and_zeros_are_no_trouble() -> None:
    assert not ebased_vad(torch.zeros(2, 3, 4)).any()
    assert ebased_vad(torch.eye(3)).sum() == 3
    with pytest.raises(ValueError, match="freq"):
        ebased_vad(torch.rand(4))
