"""Mel spectrograms against librosa's figures, see goldens/README.md."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.filterbanks import STFTFB, Encoder, MelGramFB, MelScale, make_enc_dec
from separate_cli.filterbanks.mel import mel_triangles
from separate_cli.filterbanks.transforms import mag

GOLDENS = np.load(Path(__file__).parent / "goldens" / "mel.npz")
CASES = sorted(name.split("__")[0] for name in GOLDENS.files if name.endswith("__arguments"))


@pytest.mark.parametrize("case", CASES)
def test_triangles_are_librosas(case: str) -> None:
    arguments = json.loads(str(GOLDENS[f"{case}__arguments"]))
    np.testing.assert_allclose(mel_triangles(**arguments), GOLDENS[f"{case}__triangles"], atol=1e-12)


def test_slaneys_triangles_have_unit_area() -> None:
    triangles = mel_triangles(n_freqs=4097, sample_rate=16000.0, n_mels=20)
    np.testing.assert_allclose(triangles.sum(1) * 8000 / 4096, 1, atol=1e-3)


def test_a_mel_spectrogram_is_the_triangles_times_the_magnitudes() -> None:
    bank = MelGramFB(n_filters=64, kernel_size=48, stride=16, n_mels=10, fmin=100.0)
    encoder = Encoder(bank)
    wav = torch.randn(2, 3, 200)
    magnitudes = mag(Encoder(STFTFB(64, 48, 16))(wav)).numpy()
    triangles = mel_triangles(33, 8000.0, n_mels=10, fmin=100.0)
    np.testing.assert_allclose(encoder(wav).numpy(), triangles @ magnitudes, atol=1e-6)
    assert encoder.n_feats_out == 10
    assert set(encoder.state_dict()) == {
        "filterbank._filters",
        "filterbank.torch_window",
        "filterbank.mel_scale.fb_mat",
    }


def test_a_tone_lands_in_the_band_around_it() -> None:
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(4000) / 8000)
    bands = Encoder(MelGramFB(n_filters=512, kernel_size=512, n_mels=40))(tone).mean(-1)
    triangles = MelScale(512, n_mels=40).fb_mat[0]
    assert bands.argmax() == triangles[:, 64].argmax()  # bin 64 of 512 at 8 kHz is 1000 Hz


def test_there_is_no_way_back() -> None:
    encoder, decoder = make_enc_dec("mel", n_filters=64, kernel_size=64, n_mels=10)
    with pytest.raises(ValueError, match="vocoder"):
        decoder(encoder(torch.randn(1, 1, 200)))


@pytest.mark.parametrize(
    "arguments",
    [{"fmin": -1.0}, {"fmin": 4000.0}, {"fmax": 5000.0}, {"n_mels": 0}, {"norm": "unit"}, {"norm": -1.0}],
)
def test_impossible_bands_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"fmin|band|norm"):
        mel_triangles(33, 8000.0, **arguments)  # type: ignore[arg-type]
