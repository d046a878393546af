"""PMSQE beyond its golden numbers: tables, waves, silence, gradients, and the ranking of PESQ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import resample_poly
from torch import Tensor

from separate_cli.losses import SingleSrcPMSQE
from separate_cli.losses.bark import bark_scale


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def syllables(seconds: float, sample_rate: int) -> Tensor:
    """Something like speech, ``(1, time)``: harmonics of a gliding pitch, in bursts."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / sample_rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    return torch.tensor(voice * np.clip(np.sin(2 * np.pi * 3 * time), 0, 1), dtype=torch.float32).unsqueeze(0)


@pytest.mark.parametrize(("sample_rate", "bands", "bins"), [(8000, 42, 128), (16000, 49, 256)])
def test_bands_cover_all_bins_and_follow_zwicker(sample_rate: int, bands: int, bins: int) -> None:
    scale = bark_scale(sample_rate)
    assert len(scale.bins) == len(scale.correction) == len(scale.threshold) == len(scale.width) == bands
    assert sum(scale.bins) == bins
    assert np.all(np.diff(scale.width) > 0)
    assert scale.exponent[0] == pytest.approx(0.23 * 2**0.15)
    assert scale.exponent[-1] == 0.23


@pytest.mark.parametrize("sample_rate", [8000, 16000])
def test_waves_give_what_their_power_spectra_give(sample_rate: int) -> None:
    loss = SingleSrcPMSQE(sample_rate=sample_rate)
    fft = 256 if sample_rate == 8000 else 512
    taper = torch.hann_window(fft).sqrt()
    estimate, reference = waves(2, 6000), waves(2, 6000, seed=1)
    spectra = [torch.fft.rfft(wave.unfold(1, fft, fft // 2) * taper).abs() ** 2 for wave in (estimate, reference)]
    torch.testing.assert_close(loss(estimate, reference), loss(*spectra))


@pytest.mark.parametrize("sample_rate", [8000, 16000])
def test_more_noise_costs_more(sample_rate: int) -> None:
    speech = syllables(1.0, sample_rate)
    loss = SingleSrcPMSQE(sample_rate=sample_rate)
    losses = [loss(speech + level * waves(*speech.shape), speech).item() for level in (0, 0.003, 0.03, 0.3, 1)]
    assert losses == sorted(losses)
    assert losses[0] < 1e-3 < 0.5 < losses[-1]


@pytest.mark.acceptance
@pytest.mark.parametrize(("sample_rate", "mode"), [(8000, "nb"), (16000, "wb")])
def test_it_ranks_noisy_speech_as_pesq_does(real_audio: Path, sample_rate: int, mode: str) -> None:
    from pesq import pesq

    paths = sorted((real_audio / "LibriSpeech").rglob("*.flac"))[:4]
    assert len(paths) == 4
    loss, losses, scores = SingleSrcPMSQE(sample_rate=sample_rate), [], []
    for path in paths:
        wave, rate = soundfile.read(path, frames=64_000)
        wave = resample_poly(wave, sample_rate, rate)
        for snr_db in (0, 10, 20, 30):
            noise = np.random.default_rng(snr_db).standard_normal(len(wave)) * wave.std() * 10 ** (-snr_db / 20)
            losses.append(loss(torch.tensor(wave + noise)[None], torch.tensor(wave)[None]).item())
            scores.append(pesq(sample_rate, wave, wave + noise, mode))
    assert np.corrcoef(losses, scores)[0, 1] < -0.8


def test_level_does_not_matter() -> None:
    estimate, reference = waves(1, 6000), waves(1, 6000, seed=1)
    loss = SingleSrcPMSQE()
    torch.testing.assert_close(loss(30 * estimate, 0.01 * reference), loss(estimate, reference), rtol=1e-3, atol=1e-4)


def test_gradients_in_float64() -> None:
    reference = waves(1, 3, 129, seed=1, dtype=torch.float64).square()
    estimate = (reference * (1 + 0.3 * waves(1, 3, 129, dtype=torch.float64)).square()).requires_grad_()
    loss = SingleSrcPMSQE(sample_rate=8000)
    assert torch.autograd.gradcheck(lambda x: loss(x, reference), (estimate,), eps=1e-7, fast_mode=True)


def test_frames_of_padding_do_not_count() -> None:
    estimate, reference = waves(1, 8, 257).square(), waves(1, 8, 257, seed=1).square()
    mask = torch.tensor([[1.0] * 5 + [0.0] * 3])
    loss = SingleSrcPMSQE(bark_eq=False)
    torch.testing.assert_close(loss(estimate, reference, mask), loss(estimate[:, :5], reference[:, :5]))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="sample_rate to be 8000 or 16000, got 44100"):
        SingleSrcPMSQE(sample_rate=44100)
    with pytest.raises(ValueError, match="one of rect, hann, sqrt_hann, hamming, flatTop, got 'blackman'"):
        SingleSrcPMSQE("blackman")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"power spectra of 257 bins, got \(1, 5, 129\)"):
        SingleSrcPMSQE()(torch.ones(1, 5, 129), torch.ones(1, 5, 129))
    with pytest.raises(ValueError, match=r"pad_mask \(batch, frame\) = \(1, 5\), got \(1, 4, 1\)"):
        SingleSrcPMSQE()(torch.ones(1, 5, 257), torch.ones(1, 5, 257), torch.ones(1, 4))
    with pytest.raises(ValueError, match=r"at least 512 samples \(one frame\), got 500"):
        SingleSrcPMSQE()(torch.ones(1, 500), torch.ones(1, 500))
