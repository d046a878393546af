"""Conv-TasNet beyond its golden numbers: counts, causality, exact chunks, arguments."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.conv_tasnet import ConvTasNet
from separate_cli.models.vad_net import VADNet

SMALL = {"n_blocks": 2, "n_repeats": 1, "bn_chan": 6, "hid_chan": 8, "skip_chan": 5, "n_filters": 12}


def small(**arguments: object) -> ConvTasNet:
    torch.manual_seed(0)
    return ConvTasNet(2, **{**SMALL, **arguments}).eval()


def test_default_counts_are_the_published_ones() -> None:
    model = ConvTasNet(2)
    assert sum(p.numel() for p in model.parameters()) == 5_050_545
    assert len(model.state_dict()) == 345


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("norm_type", ["cLN", "bN"])
def test_with_a_norm_of_frames_chunks_give_the_samples_of_the_whole(norm_type: str, causal: bool) -> None:
    model = small(norm_type=norm_type, causal=causal)
    behind, ahead, hop = model.lookbehind_samples, model.lookahead_samples, model.hop_samples
    assert behind is not None and ahead is not None
    wav = torch.randn(1, 600)
    start, stop = 20 * hop, 400
    first = start - -(-behind // hop) * hop
    chunk = model(wav[:, first : stop + ahead])
    torch.testing.assert_close(chunk[..., start - first : stop - first], model(wav)[..., start:stop])


@pytest.mark.parametrize("norm_type", ["gLN", "cLN", "cgLN", "bN"])
def test_a_causal_model_hears_no_further_than_its_lookahead(norm_type: str) -> None:
    model = small(causal=True, norm_type=norm_type)
    assert model.lookahead_samples == 15
    wav = torch.randn(1, 400)
    changed = wav.clone()
    changed[:, 215:] = 0
    torch.testing.assert_close(model(changed)[..., :200], model(wav)[..., :200])


def test_a_model_with_global_norm_depends_on_everything() -> None:
    model = small()
    assert model.lookbehind_samples is None and model.lookahead_samples is None


def test_a_causal_model_refuses_a_norm_of_the_future() -> None:
    with pytest.raises(ValueError, match="without look-ahead"):
        small(causal=True, norm_type="fgLN")


def test_a_frame_size_that_the_filterbank_does_not_give_is_refused() -> None:
    with pytest.raises(ValueError, match="what the filterbank gives, 12, got 13"):
        small(in_chan=13)


def test_model_args_rebuild_the_model_with_its_filterbank() -> None:
    model = small(fb_name="stft", n_filters=16, window=[1.0] * 16, who_is_pinv="decoder")
    again = ConvTasNet(**model.get_model_args()).eval()
    again.load_state_dict(model.state_dict())
    wav = torch.randn(1, 100)
    torch.testing.assert_close(again(wav), model(wav))


def test_speech_probability_is_never_scaled_to_a_level() -> None:
    assert VADNet(2, **SMALL).default_level == "none"
    assert small().default_level == "l1"


def test_gradients_reach_every_weight() -> None:
    model = small().train()
    model(torch.randn(2, 100)).square().sum().backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == ["masker.TCN.1.res_conv.weight", "masker.TCN.1.res_conv.bias"]  # the last residual has no reader
    assert all(p.grad is not None for p in model.parameters())  # several devices wait for one from every weight
