"""The torch-compatible STFT against torch.stft and torch.istft."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.filterbanks import Decoder, Encoder, TorchSTFTFB, make_enc_dec
from separate_cli.filterbanks.transforms import to_torch_complex

SETTINGS = [
    {"stride": 4},
    {"stride": 8, "center": False},
    {"stride": 6, "pad_mode": "constant"},
    {"stride": 4, "pad_mode": "replicate", "window": np.hamming(16)},
    {"stride": 5, "normalized": True, "window": np.ones(16)},
]


def torchs(bank: TorchSTFTFB) -> dict[str, object]:
    return {
        "n_fft": bank.n_filters,
        "hop_length": bank.stride,
        "window": bank.torch_window,
        "center": bank.center,
        "normalized": bank.normalized,
    }


@pytest.mark.parametrize("settings", SETTINGS)
def test_analysis_is_torch_stft(settings: dict[str, object]) -> None:
    bank = TorchSTFTFB(16, 16, **settings)  # type: ignore[arg-type]
    wav = torch.randn(2, 3, 101)
    ours = to_torch_complex(Encoder(bank)(wav))
    theirs = torch.stft(wav.flatten(0, 1), **torchs(bank), pad_mode=bank.pad_mode, return_complex=True)  # type: ignore[arg-type]
    torch.testing.assert_close(ours.flatten(0, 1), theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("settings", [one for one in SETTINGS if "center" not in one])
def test_synthesis_is_torch_istft(settings: dict[str, object]) -> None:
    bank = TorchSTFTFB(16, 16, **settings)  # type: ignore[arg-type]
    frames = torch.randn(2, 18, 24)
    frames[:, [9, 17]] = 0  # the imaginary parts of DC and Nyquist mean nothing
    theirs = torch.istft(to_torch_complex(frames), **torchs(bank))  # type: ignore[arg-type]
    torch.testing.assert_close(Decoder(bank)(frames, length=theirs.shape[-1])[:, 0], theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stride", [1, 3, 8, 11])
def test_the_pair_reconstructs_everything_at_any_stride(stride: int) -> None:
    encoder, decoder = make_enc_dec("torch_stft", n_filters=16, kernel_size=16, stride=stride)
    for shape in [(97,), (2, 97), (2, 1, 97), (2, 3, 97), (1, 2, 3, 97)]:
        wav = torch.randn(shape)
        again = decoder(encoder(wav), length=90)
        torch.testing.assert_close(again.reshape(*shape[:-1], 90), wav[..., :90], atol=2e-5, rtol=0)


def test_what_torch_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="must equal kernel_size"):
        TorchSTFTFB(32, 16)
    with pytest.raises(ValueError, match="more than 8 samples"):
        Encoder(TorchSTFTFB(16, 16))(torch.randn(8))


def test_torchs_arguments_give_torchs_numbers() -> None:
    window = torch.hann_window(64)
    bank = TorchSTFTFB.from_torch_args(64, 20, 64, window, False, "constant", True, sample_rate=16000)
    assert bank.sample_rate == 16000
    wav = torch.randn(2, 500)
    expected = torch.stft(wav, 64, 20, 64, window, center=False, normalized=True, return_complex=True)
    torch.testing.assert_close(to_torch_complex(Encoder(bank)(wav)), expected, rtol=1e-4, atol=1e-5)


def test_what_torch_would_leave_out_is_asteroids_default() -> None:
    own = TorchSTFTFB(64, 64)
    assert TorchSTFTFB.from_torch_args(64).get_config() == own.get_config()
    assert torch.equal(TorchSTFTFB.from_torch_args(64).torch_window, own.torch_window)
    with pytest.raises(ValueError, match="one-sided"):
        TorchSTFTFB.from_torch_args(64, onesided=False)
    with pytest.raises(ValueError, match="n_filters must equal kernel_size"):
        TorchSTFTFB.from_torch_args(64, win_length=32)
