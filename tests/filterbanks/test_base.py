"""Encoders and decoders: shapes, adjointness, pseudo-inverses, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from separate_cli.filterbanks import Decoder, Encoder, Filterbank, FreeFB, get, make_enc_dec, register_filterbank
from separate_cli.filterbanks.catalogue import FILTERBANKS

NAMES = ["free", "analytic_free", "param_sinc", "stft", "torch_stft", "mpgtf"]


def correlate(wav: np.ndarray, filters: np.ndarray, stride: int) -> np.ndarray:
    """Frames of one wave by the definition: a sum over the taps."""
    kernel = filters.shape[-1]
    starts = range(0, len(wav) - kernel + 1, stride)
    return np.stack([filters @ wav[start : start + kernel] for start in starts], axis=-1)


@pytest.mark.parametrize(
    ("given", "frames_shape", "wave_shape"),
    [
        ((100,), (8, 11), (96,)),
        ((2, 100), (2, 8, 11), (2, 1, 96)),
        ((2, 1, 100), (2, 8, 11), (2, 1, 96)),
        ((2, 3, 100), (2, 3, 8, 11), (2, 3, 96)),
        ((2, 1, 3, 100), (2, 1, 3, 8, 11), (2, 1, 3, 96)),
    ],
)
def test_every_leading_axis_is_kept_but_a_single_channel(
    given: tuple[int, ...], frames_shape: tuple[int, ...], wave_shape: tuple[int, ...]
) -> None:
    encoder, decoder = make_enc_dec("free", n_filters=8, kernel_size=16, stride=8)
    frames = encoder(torch.randn(given))
    assert frames.shape == frames_shape
    assert decoder(frames).shape == wave_shape
    assert decoder(frames, length=90).shape == (*wave_shape[:-1], 90)


def test_as_conv1d_off_keeps_the_channel_axis() -> None:
    encoder = Encoder(FreeFB(8, 16), as_conv1d=False)
    wav = torch.randn(2, 1, 100)
    assert torch.equal(encoder(wav).squeeze(1), Encoder(encoder.filterbank)(wav))
    assert encoder(wav).shape == (2, 1, 8, 11)


def test_frames_are_correlations_with_the_filters_at_every_stride() -> None:
    encoder, _ = make_enc_dec("free", n_filters=5, kernel_size=7, stride=3)
    wav = torch.randn(2, 3, 50)
    expected = [
        [correlate(one.numpy(), encoder.filters().detach().numpy()[:, 0], 3) for one in channels] for channels in wav
    ]
    np.testing.assert_allclose(encoder(wav).detach().numpy(), np.array(expected), atol=1e-5)


@pytest.mark.parametrize("name", ["free", "analytic_free", "param_sinc", "stft", "mpgtf"])
@pytest.mark.parametrize("padding", [0, 5])
def test_decoder_is_the_adjoint_of_an_encoder_with_the_same_filters(name: str, padding: int) -> None:
    bank = get(name)(n_filters=32, kernel_size=16, stride=4).double()
    encoder, decoder = Encoder(bank, padding=padding), Decoder(bank, padding=padding)
    wav = torch.randn(1, 1, bank.kernel_size + 4 * 9 - 2 * padding, dtype=torch.float64)
    frames = torch.randn_like(encoder(wav))
    assert torch.allclose((encoder(wav) * frames).sum(), (wav * decoder(frames)).sum())


@pytest.mark.parametrize("who", ["encoder", "enc", "decoder", "DEC"])
@pytest.mark.parametrize("name", ["free", "analytic_free", "mpgtf"])
def test_a_pseudo_inverse_reconstructs_between_the_ends(name: str, who: str) -> None:
    encoder, decoder = make_enc_dec(name, n_filters=64, kernel_size=16, stride=4, who_is_pinv=who)
    wav = torch.randn(1, 1, 160)
    torch.testing.assert_close(decoder(encoder(wav))[..., 16:-16], wav[..., 16:-16], atol=1e-4, rtol=0)
    assert encoder.filterbank is decoder.filterbank
    assert encoder.is_pinv is not decoder.is_pinv


def test_filters_that_leave_something_out_get_a_bounded_pseudo_inverse() -> None:
    """A periodic Hann window is zero at its first tap, which no decoder can bring back."""
    _, decoder = make_enc_dec("stft", n_filters=256, kernel_size=256, stride=64, who_is_pinv="decoder")
    assert decoder.filters().abs().max() < 10


def test_the_two_sides_have_filters_of_their_own_unless_one_is_a_pseudo_inverse() -> None:
    encoder, decoder = make_enc_dec("free", n_filters=8, kernel_size=4)
    assert encoder.filterbank is not decoder.filterbank
    assert not torch.equal(encoder.filters(), decoder.filters())


def test_padding_adds_zeros_before_and_drops_samples_after() -> None:
    bank = FreeFB(8, 16, 8)
    wav = torch.randn(1, 1, 96)
    around = torch.nn.functional.pad(wav, (8, 8))
    assert torch.allclose(Encoder(bank, padding=8)(wav), Encoder(bank)(around), atol=1e-6)
    frames = Encoder(bank)(around)
    whole, cut = Decoder(bank)(frames), Decoder(bank, padding=8)(frames)
    assert torch.allclose(cut, whole[..., 8:-8], atol=1e-6)
    assert Decoder(bank, padding=8, output_padding=3)(frames).shape[-1] == cut.shape[-1] + 3


def test_hooks_run_around_the_filters_on_both_sides() -> None:
    class Doubling(FreeFB):
        def pre_analysis(self, wav: Tensor) -> Tensor:
            return 2 * wav

        def post_analysis(self, frames: Tensor) -> Tensor:
            return frames + 1

        def pre_synthesis(self, frames: Tensor) -> Tensor:
            return frames - 1

        def post_synthesis(self, wav: Tensor) -> Tensor:
            return wav / 2

    plain, hooked = FreeFB(8, 4), Doubling(8, 4)
    hooked.load_state_dict(plain.state_dict())
    wav = torch.randn(1, 1, 20)
    torch.testing.assert_close(Encoder(hooked)(wav), 2 * Encoder(plain)(wav) + 1)
    torch.testing.assert_close(Decoder(hooked)(Encoder(hooked)(wav)), Decoder(plain)(Encoder(plain)(wav)))


def test_a_filterbank_of_ones_own_is_found_by_name_in_any_case() -> None:
    name = "ThrowawayFB"
    cls = register_filterbank(type(name, (FreeFB,), {}))
    try:
        encoder, _ = make_enc_dec("throwawayfb", n_filters=4, kernel_size=4)
        assert type(encoder.filterbank) is cls
        assert make_enc_dec(cls, n_filters=4, kernel_size=4)[0].get_config()["fb_name"] == name
    finally:
        del FILTERBANKS._entries[name], FILTERBANKS._lookup[name.casefold()]


@pytest.mark.parametrize("name", [*NAMES, "mel"])
def test_the_configuration_rebuilds_the_same_filterbank(name: str) -> None:
    bank = get(name)(n_filters=32, kernel_size=32, stride=10, sample_rate=16000.0)
    config = bank.get_config()
    again = get(config.pop("fb_name"))(**config)
    assert type(again) is type(bank)
    assert again.get_config() == bank.get_config()
    assert again.load_state_dict(bank.state_dict())
    assert f"stride={bank.stride}" in repr(bank)


@pytest.mark.parametrize("name", [*NAMES, "mel"])
def test_unknown_arguments_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match="n_filtres"):
        make_enc_dec(name, n_filters=32, kernel_size=32, n_filtres=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_filters": 0}, "n_filters"),
        ({"kernel_size": -1}, "kernel_size"),
        ({"stride": 0}, "stride"),
        ({"n_filters": 2.5}, "n_filters"),
        ({"sample_rate": 0.0}, "sample_rate"),
        ({"padding": -1}, "padding"),
        ({"output_padding": 9}, "output_padding"),
        ({"who_is_pinv": "both"}, "who_is_pinv"),
        ({"fb_name": "sftf"}, "STFTFB"),
    ],
)
def test_impossible_pairs_are_refused_with_the_reason(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_enc_dec(**{"fb_name": "free", "n_filters": 8, "kernel_size": 8, "stride": 4} | arguments)  # type: ignore[arg-type]


def test_wrong_inputs_are_refused_with_the_expected_shape() -> None:
    encoder, decoder = make_enc_dec("free", n_filters=8, kernel_size=16)
    with pytest.raises(ValueError, match="at least 16 samples, got 15"):
        encoder(torch.randn(1, 15))
    with pytest.raises(ValueError, match="single number"):
        encoder(torch.tensor(1.0))
    with pytest.raises(ValueError, match=r"\(\.\.\., 8, frame\)"):
        decoder(torch.randn(1, 7, 3))
    with pytest.raises(ValueError, match="frame"):
        decoder(torch.randn(8))


def test_the_base_class_leaves_the_filters_to_others() -> None:
    with pytest.raises(NotImplementedError):
        Filterbank(4, 4).filters()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_the_wave_and_what_is_learned(name: str) -> None:
    encoder, decoder = make_enc_dec(name, n_filters=16, kernel_size=16, stride=4)
    wav = torch.randn(1, 1, 64, requires_grad=True)
    decoder(encoder(wav)).square().sum().backward()
    learned = [wav, *encoder.parameters(), *decoder.parameters()]
    for parameter in learned:
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["free", "stft"])
def test_filters_and_their_pseudo_inverse_under_asteroids_names(name: str) -> None:
    encoder, decoder = make_enc_dec(name, n_filters=32, kernel_size=16, stride=4, who_is_pinv="decoder")
    assert torch.equal(encoder.get_filters(), encoder.filterbank.filters())
    assert torch.equal(decoder.get_filters(), decoder.compute_filter_pinv(encoder.filterbank.filters()))
    matrix = encoder.get_filters().squeeze(1).detach().numpy()
    expected = np.linalg.pinv(matrix.astype(float), rcond=1e-5).T * 4 / 16
    np.testing.assert_allclose(decoder.get_filters().squeeze(1).detach().numpy(), expected, atol=1e-5)
