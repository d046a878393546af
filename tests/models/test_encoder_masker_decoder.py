"""Masking models: shapes, lengths, hooks, tracing."""

from __future__ import annotations

import pytest
import torch

from separate_cli.filterbanks import make_enc_dec
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder


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
