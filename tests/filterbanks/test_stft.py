"""STFT filterbank against NumPy's FFT, and windows that undo each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from separate_cli.filterbanks import STFTFB, Decoder, Encoder, fourier, make_enc_dec, perfect_synthesis_window
from separate_cli.filterbanks.transforms import to_numpy


@pytest.mark.parametrize(("points", "kernel", "stride"), [(16, 16, 4), (32, 24, 6), (20, 15, 5)])
def test_frames_are_scaled_ffts_of_windowed_stretches(points: int, kernel: int, stride: int) -> None:
    window = np.random.default_rng(0).random(kernel)
    encoder = Encoder(STFTFB(points, kernel, stride, window=window))
    wav = torch.randn(100)
    frames = to_numpy(encoder(wav))
    before = (points - kernel) // 2
    scale = 2 / np.sqrt(kernel * points / stride)
    for index in range(frames.shape[1]):
        stretch = np.zeros(points)
        stretch[before : before + kernel] = window * wav[index * stride : index * stride + kernel].numpy()
        expected = np.fft.rfft(stretch) * scale
        expected[[0, -1]] /= np.sqrt(2)
        np.testing.assert_allclose(frames[:, index], expected, atol=1e-6)


@pytest.mark.parametrize(("points", "kernel", "stride"), [(16, 16, 8), (64, 64, 16), (128, 100, 25), (512, 512, 128)])
def test_the_default_pair_reconstructs_between_the_ends(points: int, kernel: int, stride: int) -> None:
    encoder, decoder = make_enc_dec("stft", n_filters=points, kernel_size=kernel, stride=stride)
    wav = torch.randn(1, 1, 6 * kernel)
    again = decoder(encoder(wav))
    length = again.shape[-1] - kernel
    torch.testing.assert_close(again[..., kernel:length], wav[..., kernel:length], atol=1e-5, rtol=0)


@pytest.mark.parametrize("hop", [1, 4, 5, 8, 11, 16])
def test_a_perfect_synthesis_window_undoes_any_window(hop: int) -> None:
    window = 0.1 + np.random.default_rng(hop).random(16)
    analysis = STFTFB(16, 16, hop, window=window)
    synthesis = STFTFB(16, 16, hop, window=perfect_synthesis_window(window, hop))
    wav = torch.randn(1, 1, 160)
    again = Decoder(synthesis)(Encoder(analysis)(wav))
    inside = slice(16, again.shape[-1] - 16)
    torch.testing.assert_close(again[..., inside], wav[..., inside], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("window", "hop", "message"), [(np.ones(8), 9, "1 to 8"), (np.eye(8)[0], 4, "nothing can undo")]
)
def test_windows_that_cannot_be_undone_are_refused(window: np.ndarray, hop: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        perfect_synthesis_window(window, hop)


@pytest.mark.parametrize(("points", "kernel", "stride"), [(16, 16, 4), (32, 24, 7), (20, 15, 15), (8, 3, 2)])
def test_the_fft_gives_what_the_filters_give(points: int, kernel: int, stride: int) -> None:
    bank = STFTFB(points, kernel, stride, window=np.random.default_rng(0).random(kernel)).double()
    settings = {"window": bank.torch_window * bank._scale, "n_filters": points, "stride": stride}
    wav = torch.randn(2, 1, 100, dtype=torch.float64)
    frames = functional.conv1d(wav, bank.filters(), stride=stride)
    torch.testing.assert_close(fourier.analyse(wav, **settings), frames, atol=1e-6, rtol=0)
    again = functional.conv_transpose1d(frames, bank.filters(), stride=stride)
    torch.testing.assert_close(fourier.synthesise(frames, **settings), again, atol=1e-5, rtol=0)
    few = wav[:1, :, : kernel + stride].requires_grad_()
    assert torch.autograd.gradcheck(lambda wav: fourier.analyse(wav, **settings), few)
    assert torch.autograd.gradcheck(lambda x: fourier.synthesise(x, **settings), frames[:1, :, :2].requires_grad_())


def test_many_frames_are_worked_on_in_blocks_without_a_seam() -> None:
    bank = STFTFB(16, 12, 4).double()
    settings = {"window": bank.torch_window * bank._scale, "n_filters": 16, "stride": 4}
    wav = torch.randn(2, 1, 4 * 1100, dtype=torch.float64)
    learning = wav.clone().requires_grad_()
    frames = fourier.analyse(wav, **settings)
    assert frames.shape[-1] > 1024
    torch.testing.assert_close(frames, fourier.analyse(learning, **settings))
    again = fourier.synthesise(frames, **settings)
    torch.testing.assert_close(again, fourier.synthesise(frames.clone().requires_grad_(), **settings))
    torch.testing.assert_close(frames, functional.conv1d(wav, bank.filters(), stride=4), atol=1e-6, rtol=0)
    torch.testing.assert_close(again[..., 12:-12], wav[..., 12 : again.shape[-1] - 12], atol=1e-6, rtol=0)


def test_large_transforms_take_the_quick_way_and_give_the_same() -> None:
    encoder, decoder = make_enc_dec("stft", n_filters=512, kernel_size=400, stride=100)
    wav = torch.randn(2, 3, 1500)
    assert encoder.filterbank.quick_analysis(wav[:1, :1]) is not None
    frames = encoder(wav)
    slow = functional.conv1d(wav.reshape(6, 1, -1), encoder.filters(), stride=100)
    torch.testing.assert_close(frames.flatten(0, 1), slow, atol=1e-5, rtol=1e-5)
    assert decoder.filterbank.quick_synthesis(slow) is not None
    again = functional.conv_transpose1d(slow, decoder.filters(), stride=100)
    torch.testing.assert_close(decoder(frames).reshape(6, 1, -1), again, atol=1e-5, rtol=1e-5)


def test_filters_that_are_no_windowed_sinusoids_are_used_as_they_are() -> None:
    bank = STFTFB(256, 256, 64)
    wav = torch.randn(1, 1, 600)
    assert bank.quick_analysis(wav) is not None
    bank.load_state_dict({"_filters": torch.randn(258, 1, 256)})
    assert bank.quick_analysis(wav) is None
    torch.testing.assert_close(Encoder(bank)(wav), functional.conv1d(wav, bank.filters(), stride=64))
    bank.load_state_dict(STFTFB(256, 256, 64, window=np.hamming(256)).state_dict())
    torch.testing.assert_close(
        bank.quick_analysis(wav), functional.conv1d(wav, bank.filters(), stride=64), atol=1e-5, rtol=1e-5
    )
    with torch.no_grad():
        bank.filters()[0] = 0
    assert bank.quick_analysis(wav) is None


def test_half_precision_runs_on_the_filters() -> None:
    encoder, decoder = make_enc_dec("stft", n_filters=256, kernel_size=256, stride=64)
    wav = torch.randn(1, 1, 2000)
    exact = decoder(encoder(wav))
    encoder, decoder = encoder.bfloat16(), decoder.bfloat16()
    coarse = decoder(encoder(wav.bfloat16()))
    assert coarse.dtype == torch.bfloat16
    assert torch.dist(coarse.float(), exact) < 0.02 * exact.norm()


def test_a_state_without_window_loads_and_keeps_the_window() -> None:
    bank = STFTFB(16, 16)
    old = {"filterbank._filters": torch.randn(18, 1, 16)}
    encoder = Encoder(bank)
    assert encoder.load_state_dict(old)
    assert torch.equal(bank.filters(), old["filterbank._filters"])
    np.testing.assert_allclose(bank.torch_window, np.sin(np.pi * np.arange(16) / 16), atol=1e-7)
    assert list(old) == ["filterbank._filters"]


def test_a_state_without_filters_is_still_refused() -> None:
    with pytest.raises(RuntimeError, match="_filters"):
        STFTFB(16, 16).load_state_dict({"torch_window": torch.ones(16)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_filters": 17}, "even"),
        ({"n_filters": 8}, "at least kernel_size"),
        ({"window": np.ones(15)}, "window of 16"),
        ({"window": [[1.0] * 16]}, "window of 16"),
    ],
)
def test_impossible_transforms_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        STFTFB(**{"n_filters": 16, "kernel_size": 16} | arguments)  # type: ignore[arg-type]


def test_windows_may_be_arrays_tensors_or_lists() -> None:
    taps = np.hamming(16)
    banks = [STFTFB(16, 16, window=window) for window in (taps, torch.from_numpy(taps), taps.tolist())]
    assert torch.equal(banks[0].filters(), banks[1].filters())
    assert torch.equal(banks[0].filters(), banks[2].filters())
