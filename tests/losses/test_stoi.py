"""Negative STOI and ESTOI against pystoi, with gradients and silence."""

from __future__ import annotations

import numpy as np
import pystoi
import pytest
import torch
from torch import Tensor

from separate_cli.losses import SingleSrcNegSTOI


def speechlike(seconds: float, sample_rate: int, seed: int = 0) -> np.ndarray:
    """Noise in bursts, with pauses that the speech detector must leave out."""
    rng = np.random.default_rng(seed)
    length = int(seconds * sample_rate)
    envelope = np.interp(np.arange(length), np.linspace(0, length, 25), rng.random(25) ** 3)
    envelope[length // 3 : length // 2] = 1e-5
    return np.asarray(rng.standard_normal(length) * envelope)


@pytest.mark.parametrize("sample_rate", [8000, 10000, 16000])
@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_it_is_pystoi_negated(sample_rate: int, extended: bool, noise: float) -> None:
    clean = speechlike(1.5, sample_rate)
    noisy = clean + noise * np.random.default_rng(1).standard_normal(len(clean))
    expected = -pystoi.stoi(clean, noisy, sample_rate, extended)
    loss = SingleSrcNegSTOI(sample_rate, extended=extended)
    exact = loss(torch.from_numpy(noisy), torch.from_numpy(clean))
    assert exact.item() == pytest.approx(expected, abs=1e-9)
    single = loss(torch.from_numpy(noisy).float(), torch.from_numpy(clean).float())
    assert single.item() == pytest.approx(expected, abs=1e-5)


def test_items_of_a_batch_keep_their_own_speech() -> None:
    clean = torch.from_numpy(np.stack([speechlike(1.5, 10000, seed) for seed in range(3)])).float()
    clean[2, 5000:] = 0
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    loss = SingleSrcNegSTOI(10000)
    alone = torch.stack([loss(noisy[b], clean[b]) for b in range(3)])
    torch.testing.assert_close(loss(noisy, clean), alone)
    torch.testing.assert_close(loss(noisy[:, None], clean[:, None]), alone[:, None])


def test_speech_detection_matters_where_there_are_pauses_only() -> None:
    detecting, counting = SingleSrcNegSTOI(10000), SingleSrcNegSTOI(10000, use_vad=False)
    with_pauses = torch.from_numpy(speechlike(1.5, 10000))
    without = torch.randn(15_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    noise = 0.3 * torch.randn(15_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert abs(counting(with_pauses + noise, with_pauses) - detecting(with_pauses + noise, with_pauses)) > 1e-3
    torch.testing.assert_close(counting(without + noise, without), detecting(without + noise, without))


@pytest.mark.parametrize("extended", [False, True])
def test_gradients_in_float64(extended: bool) -> None:
    clean = torch.from_numpy(speechlike(0.5, 10000)).unsqueeze(0)
    noisy: Tensor = clean + 0.3 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).double()
    loss = SingleSrcNegSTOI(10000, extended=extended, use_vad=False)
    assert torch.autograd.gradcheck(lambda x: loss(x, clean), (noisy.requires_grad_(),), fast_mode=True)


def test_training_raises_intelligibility() -> None:
    clean = torch.from_numpy(speechlike(1.0, 10000)).float().unsqueeze(0)
    leaf = (clean + 0.2 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))).requires_grad_()
    loss, optimizer = SingleSrcNegSTOI(10000), torch.optim.Adam([leaf], lr=0.01)
    before = loss(leaf, clean).item()
    for _ in range(15):
        optimizer.zero_grad()
        loss(leaf, clean).sum().backward()
        optimizer.step()
    assert loss(leaf, clean).item() < before - 0.02


def test_too_little_speech_scores_zero() -> None:
    clean = torch.zeros(1, 8000)
    clean[:, :2000] = torch.randn(1, 2000, generator=torch.Generator().manual_seed(0))
    leaf = clean.clone().requires_grad_()
    loss = SingleSrcNegSTOI(10000)(leaf, clean)
    loss.sum().backward()
    assert loss.item() == 0
    assert leaf.grad is not None and not leaf.grad.any()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"more than 0.4096 s of signal, got 0.3000 s"):
        SingleSrcNegSTOI(10000)(torch.ones(1, 3000), torch.ones(1, 3000))
    with pytest.raises(ValueError, match=r"whole number of Hz, got 0\.5"):
        SingleSrcNegSTOI(0.5)
    with pytest.raises(ValueError, match="sample_rate 10000 with do_resample=False, got 8000"):
        SingleSrcNegSTOI(8000, do_resample=False)
