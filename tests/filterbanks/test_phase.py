"""Phase reconstruction against the numbers of asteroid-filterbanks, see goldens/README.md, and by its properties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.filterbanks import STFTFB, Decoder, Encoder, griffin_lim, make_enc_dec, misi, perfect_synthesis_window
from separate_cli.filterbanks.transforms import angle, mag

GOLDENS = {
    name: torch.from_numpy(value)
    for name, value in np.load(Path(__file__).parent / "goldens" / "phase_and_pcen.npz").items()
}


@pytest.fixture
def pair() -> tuple[Encoder, Decoder]:
    return make_enc_dec("stft", n_filters=32, kernel_size=32, stride=8)


def test_griffin_lim_gives_asteroids_waves(pair: tuple[Encoder, Decoder]) -> None:
    waves = griffin_lim(GOLDENS["magnitudes"], pair[0], GOLDENS["phases"], pair[1], n_iter=5, momentum=0.9)
    torch.testing.assert_close(waves, GOLDENS["griffin_lim"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("golden", "settings"),
    [
        ("misi", {"n_iter": 3, "momentum": 0.5}),
        ("misi_weighted", {"n_iter": 2, "src_weights": torch.tensor([[[0.7], [0.3]]])}),
    ],
)
def test_misi_gives_asteroids_waves(pair: tuple[Encoder, Decoder], golden: str, settings: dict[str, object]) -> None:
    mixture = GOLDENS["sources"].sum(1, keepdim=True)
    waves = misi(mixture, GOLDENS["magnitudes"], pair[0], GOLDENS["phases"], pair[1], **settings)  # type: ignore[arg-type]
    torch.testing.assert_close(waves, GOLDENS[golden], atol=1e-5, rtol=0)


def test_more_rounds_come_closer_to_the_magnitudes(pair: tuple[Encoder, Decoder]) -> None:
    encoder, decoder = pair
    wanted = mag(encoder(torch.randn(1, 1, 400)))
    first = torch.rand(wanted.shape, generator=torch.Generator().manual_seed(0)) * 6
    errors = [
        float(torch.dist(mag(encoder(griffin_lim(wanted, encoder, first, decoder, n_iter=n))), wanted))
        for n in (0, 4, 16, 64)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 3


def test_true_phases_are_kept_where_the_pair_is_exact(pair: tuple[Encoder, Decoder]) -> None:
    encoder, decoder = pair
    wav = torch.randn(1, 1, 800)
    frames = encoder(wav)
    again = griffin_lim(mag(frames), encoder, angle(frames), decoder, n_iter=1)
    torch.testing.assert_close(again[..., 64:-64], wav[..., 64:-64], atol=2e-3, rtol=0)


def test_misi_uses_the_mixture_to_come_closer_than_griffin_lim(pair: tuple[Encoder, Decoder]) -> None:
    encoder, decoder = pair
    sources = torch.randn(1, 2, 800) * torch.linspace(0.2, 1, 800)
    mixture = sources.sum(1)
    start = angle(encoder(mixture)).unsqueeze(1).expand(-1, 2, -1, -1)
    wanted = mag(encoder(sources))
    alone = griffin_lim(wanted, encoder, start, decoder, n_iter=30)
    together = misi(mixture, wanted, encoder, start, decoder, n_iter=30)
    assert torch.dist(together, sources) < torch.dist(alone, sources)


def test_a_decoder_is_made_for_any_window() -> None:
    window = np.hamming(32)
    encoder = Encoder(STFTFB(32, 32, 8, window=window))
    decoder = Decoder(STFTFB(32, 32, 8, window=perfect_synthesis_window(window, 8)))
    wanted = mag(encoder(torch.randn(1, 300)))
    first = torch.zeros_like(wanted)
    waves = [griffin_lim(wanted, encoder, first, given, n_iter=2) for given in (None, decoder)]
    torch.testing.assert_close(waves[0], waves[1], atol=1e-4, rtol=0)
    mixture = torch.randn(1, 300)
    both = wanted.unsqueeze(1).expand(-1, 2, -1, -1)
    assert misi(mixture, both, encoder).shape == (1, 2, 296)


def test_first_phases_come_from_the_generator(pair: tuple[Encoder, Decoder]) -> None:
    wanted = mag(pair[0](torch.randn(1, 300)))
    waves = [griffin_lim(wanted, *pair[:1], generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(waves[0], waves[1])
    assert not torch.equal(waves[0], waves[2])


def test_gradients_flow_through_the_rounds(pair: tuple[Encoder, Decoder]) -> None:
    wanted = mag(pair[0](torch.randn(1, 300))).requires_grad_()
    griffin_lim(wanted, *pair[:1], torch.zeros_like(wanted), n_iter=3).square().sum().backward()
    assert torch.isfinite(wanted.grad).all()
    assert wanted.grad.abs().sum() > 0


def test_bad_settings_are_refused(pair: tuple[Encoder, Decoder]) -> None:
    wanted = mag(pair[0](torch.randn(1, 300)))
    with pytest.raises(ValueError, match="momentum"):
        griffin_lim(wanted, pair[0], momentum=1.0)
    with pytest.raises(ValueError, match="momentum"):
        misi(torch.randn(1, 300), wanted.unsqueeze(1), pair[0], momentum=-0.1)
    with pytest.raises(ValueError, match="istft_dec"):
        griffin_lim(wanted, make_enc_dec("free", n_filters=34, kernel_size=32)[0])


def test_rounds_and_momentum_go_by_position_in_asteroids_order(pair: tuple[Encoder, Decoder]) -> None:
    magnitudes, phases = GOLDENS["magnitudes"], GOLDENS["phases"]
    waves = griffin_lim(magnitudes, pair[0], phases, pair[1], 5, 0.9)
    torch.testing.assert_close(waves, GOLDENS["griffin_lim"], atol=1e-5, rtol=0)
    mixture, weights = GOLDENS["sources"].sum(1, keepdim=True), torch.tensor([[[0.7], [0.3]]])
    waves = misi(mixture, magnitudes, pair[0], phases, pair[1], 2, 0.0, weights, 1)
    torch.testing.assert_close(waves, GOLDENS["misi_weighted"], atol=1e-5, rtol=0)
