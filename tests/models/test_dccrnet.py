"""DCCRNet: look-ahead, the Nyquist bin, refused sizes. The number of parameters is in its docstring."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.dccrnet import DCCRNet


def tiny() -> DCCRNet:
    torch.manual_seed(0)
    return DCCRNet("mini", stft_n_filters=32, stft_kernel_size=32, stft_stride=8).double().eval()


def test_output_does_not_depend_on_samples_after_the_lookahead() -> None:
    model = tiny()
    after, at = model.lookahead_samples, 300
    assert after == 2 * 8 + 31  # two encoders hear a frame ahead each
    wav = torch.randn(600, dtype=torch.float64)
    cut = wav.clone()
    cut[at + after + 1 :] = 0
    with torch.no_grad():
        torch.testing.assert_close(model(cut)[:, : at + 1], model(wav)[:, : at + 1])
        cut[at : at + after + 1] = 0
        assert (model(cut)[0, at] - model(wav)[0, at]).abs() > 1e-9


def test_nyquist_bin_is_masked_out() -> None:
    masks = tiny().forward_masker(torch.randn(1, 34, 10, dtype=torch.float64))
    assert masks.shape == (1, 1, 34, 10)
    assert not masks[:, :, [16, 33]].any()
    assert masks[:, :, :16].abs().min() > 0


@pytest.mark.parametrize("arguments", [{"stft_n_filters": 500}, {"n_freqs": 257}])
def test_sizes_that_do_not_fit_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="multiple of 128 and n_freqs half"):
        DCCRNet("DCCRN-CL", **arguments)
