"""DCUNet: sizes, and which samples an output sample hears."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.dcunet import DCUNet

PARAMETERS = {"DCUNet-10": 1_421_890, "DCUNet-16": 2_375_490, "DCUNet-20": 3_527_850, "Large-DCUNet-20": 7_662_304}


@pytest.mark.parametrize("architecture", PARAMETERS)
def test_architecture_has_asteroids_parameters(architecture: str) -> None:
    with torch.device("meta"):
        model = DCUNet(architecture)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[architecture]


def tiny() -> DCUNet:
    torch.manual_seed(0)
    return DCUNet("mini", stft_n_filters=32, stft_kernel_size=32, stft_stride=8).double().eval()


def test_output_depends_on_lookbehind_and_lookahead_and_on_nothing_else() -> None:
    model = tiny()
    before, after, at = model.lookbehind_samples, model.lookahead_samples, 1600
    assert before is not None
    assert after is not None
    wav = torch.randn(2 * at, dtype=torch.float64)
    with torch.no_grad():
        whole = model(wav)[0, at]
        outside = wav.clone()
        outside[: at - before] = 0
        outside[at + after + 1 :] = 0
        torch.testing.assert_close(model(outside)[0, at], whole)
        inside = wav.clone()
        inside[at - before // 2] += 10
        assert (model(inside)[0, at] - whole).abs() > 1e-9


def test_a_chunk_with_its_context_gives_the_samples_of_the_whole() -> None:
    model, wav = tiny(), torch.randn(4000, dtype=torch.float64)
    before, after, hop = model.lookbehind_samples or 0, model.lookahead_samples or 0, model.hop_samples
    first, last = 1500, 1900
    start = (first - before) // hop * hop
    with torch.no_grad():
        chunk = model(wav[start : last + after])[:, first - start : last - start]
        torch.testing.assert_close(chunk, model(wav)[:, first:last])


def test_transform_that_cannot_be_halved_often_enough_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 512, got 400"):
        DCUNet("DCUNet-20", stft_n_filters=400, stft_kernel_size=400, stft_stride=100)


def test_unknown_architecture_is_answered_with_close_ones() -> None:
    with pytest.raises(ValueError, match="DCUNet-10"):
        DCUNet("DCUNet-12")
