"""DPRNN-TasNet, DPTNet and LSTM-TasNet beyond their golden numbers."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.dprnn_tasnet import DPRNNTasNet
from separate_cli.models.dptnet import DPTNet
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder
from separate_cli.models.lstm_tasnet import LSTMTasNet

SMALL: list[tuple[type[EncoderMaskerDecoder], dict[str, object]]] = [
    (DPRNNTasNet, {"n_filters": 8, "bn_chan": 4, "hid_size": 3, "chunk_size": 6, "n_repeats": 1}),
    (DPTNet, {"n_filters": 8, "n_heads": 2, "ff_hid": 3, "chunk_size": 6, "n_repeats": 1}),
    (LSTMTasNet, {"n_filters": 8, "n_layers": 2, "hid_size": 3}),
]


@pytest.mark.parametrize(
    ("cls", "arguments", "count", "keys"),
    [
        (DPRNNTasNet, {}, 3_652_865, 158),
        (DPRNNTasNet, {"use_mulcat": True}, 7_019_777, 254),
        (DPTNet, {}, 8_529_025, 227),
        (LSTMTasNet, {}, 21_400_832, 40),
    ],
)
def test_default_counts_are_the_published_ones(
    cls: type[EncoderMaskerDecoder], arguments: dict[str, bool], count: int, keys: int
) -> None:
    with torch.device("meta"):
        model = cls(2, **arguments)
    assert (sum(p.numel() for p in model.parameters()), len(model.state_dict())) == (count, keys)


@pytest.mark.parametrize(("cls", "arguments"), SMALL, ids=lambda value: getattr(value, "__name__", ""))
def test_gradients_reach_every_weight(cls: type[EncoderMaskerDecoder], arguments: dict[str, object]) -> None:
    model = cls(2, **arguments)
    model(torch.randn(2, 100)).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize(("cls", "arguments"), SMALL, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("time", [1, 20, 200])
def test_silence_of_any_length_stays_finite(
    cls: type[EncoderMaskerDecoder], arguments: dict[str, object], time: int
) -> None:
    estimates = cls(2, **arguments).separate(torch.zeros(time))
    assert estimates.shape == (2, time) and torch.isfinite(estimates).all()


def test_lstm_tasnet_is_the_same_at_every_call_although_it_has_dropout() -> None:
    model = LSTMTasNet(2, n_filters=8, n_layers=2, hid_size=3)
    wav = torch.randn(100)
    torch.testing.assert_close(model.separate(wav), model.separate(wav), rtol=0, atol=0)


def test_gated_encoder_names_its_first_filters_twice() -> None:
    state = LSTMTasNet(2, n_filters=8, n_layers=1, hid_size=3).state_dict()
    first, second = (state[f"encoder.{name}filterbank._filters"] for name in ("", "encoder_relu."))
    assert first.data_ptr() == second.data_ptr() != state["encoder.encoder_sig.filterbank._filters"].data_ptr()


def test_forward_lstm_hears_no_further_than_its_lookahead() -> None:
    model = LSTMTasNet(2, n_filters=8, n_layers=1, hid_size=3, bidirectional=False).eval()
    wav = torch.randn(1, 300)
    changed = wav.clone()
    changed[:, 200 + model.lookahead_samples :] = 0
    torch.testing.assert_close(model(changed)[..., :200], model(wav)[..., :200])


def test_recurrent_type_is_honoured_and_unknown_ones_refused() -> None:
    assert isinstance(LSTMTasNet(1, rnn_type="gru", n_layers=1, hid_size=3).masker.masker[0].rnn, torch.nn.GRU)
    with pytest.raises(ValueError, match="Unknown recurrent layer"):
        DPRNNTasNet(1, rnn_type="transformer")
