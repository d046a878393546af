"""X-UMX: statistics, masks and waves, shapes. The number of parameters is in its docstring."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.models.xumx import XUMX

TINY = {"window_length": 32, "in_chan": 32, "n_hop": 8, "hidden_size": 8}


def tiny(**options: object) -> XUMX:
    torch.manual_seed(0)
    return XUMX(["bass", "drums"], **TINY, **options).double().eval()


def music(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_stems_are_named() -> None:
    model = tiny()
    assert (model.source_names, model.n_sources, model.in_channels) == (("bass", "drums"), 2, 2)


@pytest.mark.parametrize("sources", ["vocals", ["a", "a"], ["a.b"], ["", "b"], ["items"]])
def test_names_that_do_not_name_a_part_each_are_refused(sources: list[str]) -> None:
    with pytest.raises(ValueError, match="names"):
        XUMX(sources, **TINY)


@torch.no_grad()
def test_masks_of_one_give_the_mixture_back() -> None:
    model, wav = tiny(), music(1, 2, 203)
    for name, value in model.mean_scale.items():
        value.fill_(0 if "output_scale" in name else 1)
    torch.testing.assert_close(model(wav), wav.unsqueeze(1).expand(1, 2, 2, 203))


@torch.no_grad()
@pytest.mark.parametrize("power", [1, 2])
def test_magnitudes_of_the_waves_are_the_masked_ones(power: int) -> None:
    model, wav = tiny(spec_power=power), music(1, 2, 203)
    for name, value in model.mean_scale.items():
        value.fill_(0 if "output_scale" in name else 0.25)  # the same mask everywhere: a gain
    expected = 0.25 ** (1 / power) * wav
    torch.testing.assert_close(model(wav), expected.unsqueeze(1).expand(1, 2, 2, 203))
    spectrum = torch.stft(wav[0], 32, 8, window=torch.hann_window(32).double(), return_complex=True)
    masked = 0.25 * spectrum.abs() ** power  # (channel, bin, frame)
    torch.testing.assert_close(model.masked_magnitudes(wav)[0, :, 0], masked.permute(2, 0, 1))


def test_statistics_are_kept_as_what_is_added_and_what_is_multiplied() -> None:
    mean, scale = np.arange(17.0), np.arange(1.0, 18.0)
    model = tiny(input_mean=mean, input_scale=scale.tolist(), max_bin=5)
    np.testing.assert_allclose(model.mean_scale["input_mean_drums"].detach(), -mean[:5])
    np.testing.assert_allclose(model.mean_scale["input_scale_bass"].detach(), 1 / scale[:5], rtol=1e-6)
    assert model.get_model_args()["input_mean"] is None


def test_stems_share_what_they_know() -> None:
    model, wav = tiny(), music(1, 2, 100)
    before = model(wav)[:, 1]
    with torch.no_grad():
        model.layer_lstm["bass"].weight_hh_l0.add_(1)
    assert not torch.allclose(model(wav)[:, 1], before)


def test_one_direction_hears_a_window_ahead_and_no_more() -> None:
    model, wav = tiny(bidirectional=False), music(1, 2, 400)
    cut = wav.clone()
    cut[..., 200 + 31 + 1 :] = 0
    assert model.lookahead_samples == 31
    torch.testing.assert_close(model(cut)[..., :201], model(wav)[..., :201])


@pytest.mark.parametrize("shape", [(100,), (2, 100), (1, 1, 100), (1, 3, 100), (1, 2, 0)])
def test_a_stereo_model_refuses_other_channels(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        tiny()(music(*shape))


@pytest.mark.parametrize("arguments", [{"in_chan": 64}, {"max_bin": 18}, {"max_bin": 0}])
def test_sizes_that_do_not_fit_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="max_bin up to 17"):
        XUMX(["bass"], **{**TINY, **arguments})
