"""Ratios for silent sources: formulas, bounds, and gradients that stay finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from separate_cli.losses import (
    MultiSrcNegSASDR,
    MultiSrcNegTSDR,
    PairwiseNegTSDR,
    PITLossWrapper,
    multisrc_neg_sasdr,
    multisrc_neg_snr,
    pairwise_neg_tsisdr,
    pairwise_neg_tsnr,
)


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_threshold_and_silence_by_hand() -> None:
    references = waves(1, 3, 400, dtype=torch.float64)
    references[:, 1] = 0
    estimates = references.flip(1) + 0.1 * waves(1, 3, 400, seed=1, dtype=torch.float64)
    e, s = estimates[0].numpy(), references[0].numpy()
    mixture, tau = (s.sum(0) ** 2).sum(), 1e-3
    for i in range(3):
        for j in range(3):
            energy = (s[j] ** 2).sum()
            wrong, scale = ((e[i] ** 2).sum(), mixture) if j == 1 else (((e[i] - s[j]) ** 2).sum(), energy)
            expected = 10 * np.log10((wrong + tau * scale) / scale)
            assert pairwise_neg_tsnr(estimates, references)[0, i, j].item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("sdr_type", ["snr", "sisdr", "sdsdr"])
@pytest.mark.parametrize("max_db", [20.0, 30.0])
def test_perfect_estimates_reach_the_threshold_and_no_more(sdr_type: Any, max_db: float) -> None:
    references = waves(2, 2, 500)
    found = MultiSrcNegTSDR(sdr_type, max_db=max_db)(references, references)
    torch.testing.assert_close(found, torch.full((2,), -max_db))


def test_far_from_the_threshold_it_is_the_plain_ratio() -> None:
    references = waves(2, 2, 500)
    estimates = references + waves(2, 2, 500, seed=1)
    plain = multisrc_neg_snr.__class__("snr", zero_mean=False)(estimates, references)
    torch.testing.assert_close(MultiSrcNegTSDR("snr", max_db=90)(estimates, references), plain, rtol=0, atol=1e-3)


def test_a_silent_reference_asks_for_silence_relative_to_the_mixture() -> None:
    references = torch.stack([waves(1, 300), torch.zeros(1, 300)], dim=1)
    for level_db, expected in ((0.0, 0.0), (-10.0, -10.0), (-60.0, -30.0), (-math.inf, -30.0)):
        estimates = references.clone()
        estimates[:, 1] = 10 ** (level_db / 20) * references[:, 0]
        found = pairwise_neg_tsnr(estimates, references)[0, 1, 1].item()
        assert found == pytest.approx(expected, abs=0.1)
        assert pairwise_neg_tsisdr(1e3 * estimates, 1e3 * references)[0, 1, 1].item() == pytest.approx(
            expected, abs=0.2
        )


def test_a_given_mixture_counts_instead_of_the_sum() -> None:
    references = torch.stack([waves(1, 300), torch.zeros(1, 300)], dim=1)
    estimates = references[:, [0, 0]]
    louder = pairwise_neg_tsnr(estimates, references, mixture=10 * references[:, 0])
    assert louder[0, 1, 1].item() == pytest.approx(10 * math.log10(0.01 + 0.001), abs=1e-3)
    with pytest.raises(ValueError, match=r"mixture \(batch, time\) = \(1, 300\), got \(300,\)"):
        pairwise_neg_tsnr(estimates, references, mixture=references[0, 0])


def test_permutation_search_gives_the_quiet_estimate_to_the_silent_source() -> None:
    references = torch.stack([torch.zeros(1, 300), waves(1, 300)], dim=1)
    estimates = torch.stack([waves(1, 300) * 0.8, 0.01 * waves(1, 300, seed=1)], dim=1)
    _, reordered = PITLossWrapper(pairwise_neg_tsnr)(estimates, references, return_est=True)
    assert torch.equal(reordered, estimates.flip(1))


def test_aggregate_by_hand_and_with_a_silent_source() -> None:
    references = waves(2, 3, 200, dtype=torch.float64)
    references[:, 2] = 0
    estimates = references + 0.3 * waves(2, 3, 200, seed=1, dtype=torch.float64)
    distortion, energy = (estimates - references).square().sum((1, 2)), references.square().sum((1, 2))
    torch.testing.assert_close(multisrc_neg_sasdr(estimates, references), 10 * (distortion / energy).log10())
    bent = MultiSrcNegSASDR(max_db=20)(references, references)
    torch.testing.assert_close(bent, torch.full((2,), -20.0, dtype=torch.float64), rtol=0, atol=1e-5)


@pytest.mark.parametrize("sdr_type", ["snr", "sisdr", "sdsdr"])
def test_gradients_in_float64_with_a_silent_reference(sdr_type: Any) -> None:
    references = waves(1, 2, 9, seed=1, dtype=torch.float64)
    references[:, 0] = 0
    estimates = waves(1, 2, 9, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: PairwiseNegTSDR(sdr_type)(x, references), (estimates,))


def test_all_silent_gives_zero_db() -> None:
    silence = torch.zeros(1, 2, 100)
    torch.testing.assert_close(pairwise_neg_tsisdr(silence, silence), torch.zeros(1, 2, 2), rtol=0, atol=0.01)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="one of sisdr, sdsdr, snr, got 'sdr'"):
        PairwiseNegTSDR("sdr")  # type: ignore[arg-type]
    for make in (PairwiseNegTSDR, MultiSrcNegTSDR, MultiSrcNegSASDR):
        with pytest.raises(ValueError, match="EPS above 0, got 0"):
            make(EPS=0)
