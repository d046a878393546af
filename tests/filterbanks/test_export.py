"""Recorded graphs of encoder and decoder pairs hold for other batches and lengths."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from separate_cli.filterbanks import make_enc_dec
from separate_cli.filterbanks.transforms import apply_mag_mask, mag

NAMES = ["free", "analytic_free", "param_sinc", "stft", "torch_stft", "mpgtf"]


class Masked(nn.Module):
    """Encoder, a mask from magnitudes, decoder: what every mask network does."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.encoder, self.decoder = make_enc_dec(name, n_filters=16, kernel_size=16, stride=4)

    def forward(self, wav: Tensor) -> Tensor:
        frames = self.encoder(wav)
        return self.decoder(apply_mag_mask(frames, mag(frames).sigmoid()))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_traced_pair_works_at_other_batches_and_lengths(name: str) -> None:
    pair = Masked(name).eval()
    traced = torch.jit.trace(pair, torch.randn(2, 1, 100))
    for shape in [(1, 1, 64), (3, 1, 131)]:
        wav = torch.randn(shape)
        torch.testing.assert_close(traced(wav), pair(wav))


@pytest.mark.parametrize("name", NAMES)
def test_an_exported_pair_works_at_other_batches_and_lengths(name: str) -> None:
    pair = Masked(name).eval()
    dynamic = {"wav": {0: torch.export.Dim("batch"), 2: torch.export.Dim("time", min=64)}}
    exported = torch.export.export(pair, (torch.randn(2, 1, 100),), dynamic_shapes=dynamic).module()
    for shape in [(3, 1, 64), (4, 1, 131)]:
        wav = torch.randn(shape)
        torch.testing.assert_close(exported(wav), pair(wav))
