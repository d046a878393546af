"""Masking models: shapes, lengths, hooks, tracing."""

from __future__ import annotations

import pytest
import torch

from separate_cli.filterbanks import make_enc_dec
from separate_cli.models import encoder_masker_decoder
from separate_cli.models.conv_tasnet import ConvTasNet
from separate_cli.models.demask import DeMask
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder, frame_wise
from tiny_models import CONVOLUTIONS, TINY, build, wave


class Ones(torch.nn.Module):
    """Masks of one for two sources."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.ones_like(frames)] * 2, 1)


def transparent() -> EncoderMaskerDecoder:
    encoder, decoder = make_enc_dec("stft", n_filters=16, kernel_size=16, stride=8)
    return EncoderMaskerDecoder(encoder, Ones(), decoder, n_sources=2)


@pytest.mark.parametrize("time", [1, 15, 16, 17, 100])
@pytest.mark.parametrize("leading", [(), (3,), (3, 1)])
def test_estimates_are_as_long_as_the_input(time: int, leading: tuple[int, ...]) -> None:
    assert transparent()(torch.randn(*leading, time)).shape == (*leading[:1], 2, time)


def test_masks_of_one_give_the_input_back_except_at_the_ends() -> None:
    wav = torch.randn(1, 1, 80)
    estimates = transparent()(wav)
    torch.testing.assert_close(estimates[..., 8:-8], wav[..., 8:-8].expand(1, 2, -1), rtol=1e-4, atol=1e-5)


def test_samples_after_the_last_frame_are_zero() -> None:
    assert not transparent()(torch.ones(1, 30))[..., 24:].any()


@pytest.mark.parametrize("shape", [(), (1, 2, 50), (1, 1, 1, 50), (0,), (2, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        transparent()(torch.zeros(shape))


@pytest.mark.filterwarnings("ignore:.*torch.jit.* deprecated")
def test_a_traced_model_takes_other_lengths_also_below_the_kernel() -> None:
    model = transparent().eval()
    traced = torch.jit.trace(model, torch.randn(2, 1, 100), check_trace=False)
    for time in (9, 16, 333):
        wav = torch.randn(2, 1, time)
        torch.testing.assert_close(traced(wav), model(wav))


def louder(tf_rep: torch.Tensor, est_masks: torch.Tensor) -> torch.Tensor:
    """Masked frames over their maximum: what a frame gives depends on all."""
    masked = est_masks * tf_rep.unsqueeze(1)
    return masked / masked.abs().amax((-3, -2, -1), keepdim=True)


class LouderTasNet(ConvTasNet):
    def apply_masks(self, tf_rep: torch.Tensor, est_masks: torch.Tensor) -> torch.Tensor:
        return louder(tf_rep, est_masks)


class LouderDeMask(DeMask):
    def apply_masks(self, tf_rep: torch.Tensor, est_masks: torch.Tensor) -> torch.Tensor:
        masked = super().apply_masks(tf_rep, est_masks)
        return masked / masked.abs().amax((-3, -2, -1), keepdim=True)


def short_blocks(n_frames: int, n_channels: int) -> list[slice]:
    return [slice(start, min(start + 64, n_frames)) for start in range(0, n_frames, 64)]


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_masker_decoder, "time_blocks", short_blocks)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("way", ["class", "grandchild of one that is frame-wise", "object"])
def test_masks_that_look_at_all_frames_get_all_frames(way: str) -> None:
    torch.manual_seed(0)
    if way == "grandchild of one that is frame-wise":
        model: EncoderMaskerDecoder = LouderDeMask(hidden_dims=[8], n_filters=16, kernel_size=16, stride=8).eval()
    else:
        model = (LouderTasNet if way == "class" else ConvTasNet)(**CONVOLUTIONS).eval()
    if way == "object":
        model.apply_masks = louder  # type: ignore[method-assign]
    wav = torch.randn(1, 4000) * torch.linspace(0, 1, 4000)
    expected = model(wav).detach()
    with torch.no_grad():
        torch.testing.assert_close(model(wav), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("where", ["post", "pre", "object"])
def test_hooks_of_the_decoder_fire_with_all_frames_also_without_gradients(where: str) -> None:
    model = transparent()
    seen: list[int] = []
    if where == "post":
        model.decoder.register_forward_hook(lambda module, args, output: seen.append(args[0].shape[-1]) or 2 * output)
    elif where == "pre":
        model.decoder.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape[-1]) or (2 * args[0],))
    else:
        decode = model.decoder.forward
        model.decoder.forward = lambda frames: seen.append(frames.shape[-1]) or 2 * decode(frames)  # type: ignore[method-assign]
    wav = torch.randn(2, 4000)
    with torch.no_grad():
        found = model(wav)
    assert seen == [499]
    torch.testing.assert_close(found, 2 * transparent()(wav), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("name", [n for n in TINY if isinstance(build(n), EncoderMaskerDecoder) and n != "VADNet"])
def test_stock_models_mask_and_decode_in_blocks_and_give_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(name)
    assert isinstance(model, EncoderMaskerDecoder)
    wav = wave(model, 1, 3000)
    expected = model(wav).detach()
    calls: list[int] = []
    masks = model.apply_masks

    @frame_wise
    def counted(tf_rep: torch.Tensor, est_masks: torch.Tensor) -> torch.Tensor:
        calls.append(tf_rep.shape[-1])
        return masks(tf_rep, est_masks)

    assert masks.is_frame_wise
    monkeypatch.setattr(model, "apply_masks", counted)
    with torch.no_grad():
        found = model(wav)
    assert len(calls) > 1 and max(calls) <= 64
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
