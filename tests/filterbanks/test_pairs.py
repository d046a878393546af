"""Encoder and decoder pairs against the numbers of asteroid-filterbanks, see goldens/README.md."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.filterbanks import Decoder, Encoder, make_enc_dec

GOLDENS = np.load(Path(__file__).parent / "goldens" / "pairs.npz")
CASES = sorted(name.split("__")[0] for name in GOLDENS.files if name.endswith("__arguments"))
FIXED = {"stft", "stftfb", "torch_stft", "torchstftfb", "mpgtf", "multiphase_gammatone", "param_sinc", "paramsincfb"}


def state_of(case: str, side: str) -> dict[str, torch.Tensor]:
    prefix = f"{case}__{side}__"
    return {
        name.removeprefix(prefix): torch.from_numpy(GOLDENS[name]) for name in GOLDENS.files if name.startswith(prefix)
    }


def relative_error(ours: torch.Tensor, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours.detach().numpy() - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize("case", CASES)
def test_a_loaded_pair_analyses_and_synthesises_as_asteroid_does(case: str) -> None:
    encoder, decoder = make_enc_dec(**json.loads(str(GOLDENS[f"{case}__arguments"])))
    encoder.load_state_dict(state_of(case, "encoder"))
    decoder.load_state_dict(state_of(case, "decoder"))
    frames = encoder(torch.from_numpy(GOLDENS["wav"]))
    assert relative_error(frames, GOLDENS[f"{case}__analysis"]) < 1e-6
    assert relative_error(decoder(frames), GOLDENS[f"{case}__synthesis"]) < 1e-6
    assert frames.shape[-2] == encoder.n_feats_out


@pytest.mark.parametrize("case", CASES)
def test_filters_that_are_not_drawn_start_as_asteroids(case: str) -> None:
    arguments = json.loads(str(GOLDENS[f"{case}__arguments"]))
    encoder, _ = make_enc_dec(**arguments)
    theirs, ours = state_of(case, "encoder"), encoder.state_dict()
    assert theirs.keys() == ours.keys()
    if arguments["fb_name"].lower() in FIXED:
        for name, value in theirs.items():
            torch.testing.assert_close(ours[name], value, rtol=1e-6, atol=1e-8)


@pytest.mark.acceptance
def test_the_shared_golden_filterbanks_match(golden_files: Path) -> None:
    goldens = np.load(golden_files / "filterbanks.npz")
    names = [name.removesuffix("__kwargs") for name in goldens.files if name.endswith("__kwargs")]
    assert names
    for name in names:
        encoder, decoder = make_enc_dec(name, **json.loads(str(goldens[f"{name}__kwargs"])))
        for side, module in (("enc", encoder), ("dec", decoder)):
            prefix = f"{name}__{side}__"
            module.load_state_dict(
                {
                    key.removeprefix(prefix): torch.from_numpy(goldens[key])
                    for key in goldens.files
                    if key.startswith(prefix)
                }
            )
        frames = encoder(torch.from_numpy(goldens["wav"]))
        assert relative_error(frames, goldens[f"{name}__analysis"]) < 1e-6, name
        assert relative_error(decoder(frames), goldens[f"{name}__synthesis"]) < 1e-6, name


@pytest.mark.parametrize(
    ("fb_name", "who_is_pinv", "padding", "output_padding", "n_frames", "samples"),
    [
        ("stft", "enc", 3, 0, 24, 194),
        ("stft", "encoder", 8, 1, 24, 185),
        ("stft", "enc", 0, 2, 24, 202),
        ("stft", "dec", 3, 0, 25, 208),
        ("param_sinc", "dec", 8, 1, 26, 217),
        ("param_sinc", "decoder", 0, 2, 24, 201),
        ("torch_stft", "dec", 8, 1, 28, 224),
        ("torch_stft", "dec", 0, 2, 26, 208),
        ("free", "dec", 3, 0, 25, 208),
    ],
)
def test_a_pseudo_inverse_is_not_padded_as_in_asteroid_filterbanks(
    fb_name: str, who_is_pinv: str, padding: int, output_padding: int, n_frames: int, samples: int
) -> None:
    encoder, decoder = make_enc_dec(
        fb_name, 16, 16, stride=8, who_is_pinv=who_is_pinv, padding=padding, output_padding=output_padding
    )
    wav = torch.randn(2, 1, 203)
    frames = encoder(wav)
    waves = decoder(frames)
    assert (frames.shape[-1], waves.shape[-1]) == (n_frames, samples)
    unpadded = Encoder(encoder.filterbank, is_pinv=encoder.is_pinv)
    bare = Decoder(decoder.filterbank, is_pinv=decoder.is_pinv)
    if who_is_pinv.startswith("enc"):
        torch.testing.assert_close(frames, unpadded(wav))
    else:
        torch.testing.assert_close(waves, bare(frames))
        padded = torch.nn.functional.pad(wav, (padding, padding))
        if fb_name != "torch_stft":  # which reflects before it pads
            torch.testing.assert_close(frames, unpadded(padded))
