"""The DNS baseline: the recipe's weights, causality."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.dns_baseline import DNSBaseline


def tiny(**options: object) -> DNSBaseline:
    torch.manual_seed(0)
    return DNSBaseline(32, 32, 8, hidden_size=9, **options).double().eval()


def test_weights_are_named_as_in_the_recipe() -> None:
    names = {name.rsplit(".", 1)[0] for name, _ in tiny().named_parameters()}
    stack = {f"masker.residual_rec.layers.{number}.rnn" for number in range(3)}
    assert names == {"masker.in_proj_layer", "masker.out_proj_layer"} | stack


def test_training_checkpoint_of_the_recipe_loads_through_the_class() -> None:
    model = DNSBaseline(32, 32, 8, hidden_size=9)
    stored = {
        "training_config": {
            "filterbank": {"n_filters": 32, "kernel_size": 32, "stride": 8},
            "masknet": {"hidden_size": 9, "rnn_type": "gru", "n_layers": 3, "input_size": 51, "output_size": 34},
            "data": {"json_dir": "data/"},
        },
        "state_dict": {f"model.{name}": value for name, value in model.state_dict().items()},
    }
    loaded, wav = DNSBaseline.from_pretrained(stored), torch.randn(1, 100)
    assert loaded.sample_rate == 16000
    torch.testing.assert_close(loaded(wav), model.eval()(wav))


def test_sizes_that_do_not_follow_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(51, 34\), got \(50, None\)"):
        tiny(input_size=50)


@pytest.mark.parametrize("is_complex", [True, False])
def test_output_does_not_depend_on_samples_after_the_lookahead(is_complex: bool) -> None:
    model, wav = tiny(is_complex=is_complex), torch.randn(400, dtype=torch.float64)
    cut = wav.clone()
    cut[200 + 31 + 1 :] = 0
    assert model.lookahead_samples == 31
    with torch.no_grad():
        torch.testing.assert_close(model(cut)[:, :201], model(wav)[:, :201])


def test_one_mask_keeps_the_phase() -> None:
    frames = torch.randn(1, 34, 12, dtype=torch.float64)
    model = tiny(is_complex=False)
    masked = model.apply_masks(frames, model.forward_masker(frames))[:, 0]
    torch.testing.assert_close(masked[:, :17] * frames[:, 17:], masked[:, 17:] * frames[:, :17])
    assert (model.forward_masker(frames) >= 0).all()
