"""Recurrent layers against recurrences written by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.layers import recurrent
from separate_cli.layers.recurrent import LSTMMasker, MulCatRNN, SingleRNN, StackedResidualBiRNN, StackedResidualRNN


def by_hand(rnn: torch.nn.RNN, x: np.ndarray, suffix: str = "") -> np.ndarray:
    """Elman's recurrence, h = tanh(W x + b + U h + c), for ``(step, feature)``."""
    w, u, b, c = (
        getattr(rnn, f"{name}_l0{suffix}").detach().numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    hidden, out = np.zeros(len(b)), []
    for step in x:
        hidden = np.tanh(w @ step + b + u @ hidden + c)
        out.append(hidden)
    return np.array(out)


def both_ways(rnn: torch.nn.RNN, x: np.ndarray) -> np.ndarray:
    return np.concatenate([by_hand(rnn, x), by_hand(rnn, x[::-1], "_reverse")[::-1]], -1)


X = torch.randn(1, 7, 4, generator=torch.Generator().manual_seed(0))
NUMPY = X[0].numpy()


def numbers(module: torch.nn.Module) -> np.ndarray:
    with torch.no_grad():
        return module(X)[0].numpy()


def test_single_network_is_the_recurrence_in_both_directions() -> None:
    layer = SingleRNN("rnn", 4, 3, bidirectional=True)
    np.testing.assert_allclose(numbers(layer), both_ways(layer.rnn, NUMPY), rtol=1e-4, atol=1e-6)


def test_multiply_and_concatenate_is_both_products_beside_the_input() -> None:
    layer = MulCatRNN("rnn", 4, 3, bidirectional=True)
    expected = np.concatenate([both_ways(layer.rnn1, NUMPY) * both_ways(layer.rnn2, NUMPY), NUMPY], -1)
    np.testing.assert_allclose(numbers(layer), expected, rtol=1e-4, atol=1e-6)
    assert layer.output_size == 10


def test_residual_stack_adds_each_input() -> None:
    stack, expected = StackedResidualRNN("rnn", 4, 2).eval(), NUMPY
    for layer in stack.layers:
        expected = expected + by_hand(layer.rnn, expected)
    np.testing.assert_allclose(numbers(stack), expected, rtol=1e-4, atol=1e-6)


def test_residual_stack_in_both_directions_adds_the_first_input_twice() -> None:
    stack = StackedResidualBiRNN("rnn", 4, 3).eval()
    expected = np.concatenate([NUMPY, NUMPY], -1) + both_ways(stack.first_layer.rnn, NUMPY)
    for layer in stack.layers:
        expected = expected + both_ways(layer.rnn, expected)
    np.testing.assert_allclose(numbers(stack), expected, rtol=1e-4, atol=1e-6)


def test_masker_honours_its_network_type() -> None:
    for name, cls in (("LSTM", torch.nn.LSTM), ("gru", torch.nn.GRU), ("RNN", torch.nn.RNN)):
        assert type(LSTMMasker(4, 2, rnn_type=name, n_layers=1, hid_size=3).masker[0].rnn) is cls


def test_forward_masker_does_not_hear_later_frames() -> None:
    masker = LSTMMasker(4, 2, n_layers=1, hid_size=3, bidirectional=False).eval()
    frames = torch.randn(1, 4, 20)
    torch.testing.assert_close(masker(frames)[..., :12], masker(frames[..., :12]))


def test_unknown_network_gets_suggestions() -> None:
    with pytest.raises(ValueError, match="LSTM"):
        recurrent.get("lstn")
