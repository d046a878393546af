"""Recurrent layers over ``(batch, step, feature)``, by name: one network, two multiplied, or a residual stack.

    SingleRNN             step features --LSTM, GRU or RNN--> hidden (both directions side by side)
    MulCatRNN             two networks, multiplied, beside the input: [a(x) * b(x), x]
    StackedResidualRNN    x + rnn(x), again and again
    LSTMMasker            frames --norm, stacked RNN, dense, activation--> masks

Source: Luo et al., "Dual-path RNN", ICASSP 2020; Nachmani et al., "Voice separation with an unknown number of multiple
speakers", ICML 2020, section 3.1 (multiply and concatenate).
Checked: tests/layers/test_recurrent.py (hand-rolled recurrences), tests/models/test_goldens.py.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from separate_cli.layers import activations, norms
from separate_cli.registry import Registry

__all__ = [
    "RNNS",
    "LSTMMasker",
    "MulCatRNN",
    "SingleRNN",
    "StackedResidualBiRNN",
    "StackedResidualRNN",
    "get",
]

RNNS: Registry[type[nn.RNNBase]] = Registry("recurrent layer")
for _rnn in (nn.LSTM, nn.GRU, nn.RNN):
    RNNS.register(_rnn.__name__, _rnn)


def get(name: str) -> type[nn.RNNBase]:
    """PyTorch's recurrent layer called ``name``: ``LSTM``, ``GRU`` or ``RNN``, case-insensitive.

    Raises:
        ValueError: If there is none.
    """
    return RNNS.get(name)


class SingleRNN(nn.Module):
    """One recurrent network, perhaps of several layers.

    Args:
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        input_size: Features of a step.
        hidden_size: Hidden features of a direction.
        n_layers: Number of layers.
        dropout: Probability that a number between two layers is dropped in training.
        bidirectional: Read in both directions.

    >>> SingleRNN("gru", 4, 3, bidirectional=True)(torch.zeros(2, 9, 4)).shape
    torch.Size([2, 9, 6])
    """

    def __init__(
        self,
        rnn_type: str,
        input_size: int,
        hidden_size: int,
        n_layers: int = 1,
        dropout: float = 0,
        *,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.rnn = _rnn_of(rnn_type, input_size, hidden_size, n_layers, dropout, bidirectional=bidirectional)
        self.hidden_size = hidden_size
        self.output_size = hidden_size * (2 if bidirectional else 1)

    def forward(self, inp: Tensor) -> Tensor:
        """``(batch, step, input_size)`` to ``(batch, step, output_size)``."""
        return self.read(inp.transpose(0, 1)).transpose(0, 1)

    def read(self, steps: Tensor) -> Tensor:
        """``forward`` in the order in which memory is read, ``(step, batch, ...)``: nothing is copied."""
        output: Tensor = self.rnn(steps)[0]
        return output


class MulCatRNN(nn.Module):
    """Two recurrent networks whose outputs are multiplied and put beside the input. Arguments as ``SingleRNN``.

    >>> MulCatRNN("LSTM", 4, 3)(torch.zeros(2, 9, 4)).shape
    torch.Size([2, 9, 7])
    """

    def __init__(
        self,
        rnn_type: str,
        input_size: int,
        hidden_size: int,
        n_layers: int = 1,
        dropout: float = 0,
        *,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.rnn1, self.rnn2 = (
            _rnn_of(rnn_type, input_size, hidden_size, n_layers, dropout, bidirectional=bidirectional) for _ in range(2)
        )
        self.hidden_size = hidden_size
        self.output_size = hidden_size * (2 if bidirectional else 1) + input_size

    def forward(self, inp: Tensor) -> Tensor:
        """``(batch, step, input_size)`` to ``(batch, step, output_size)``."""
        return self.read(inp.transpose(0, 1)).transpose(0, 1)

    def read(self, steps: Tensor) -> Tensor:
        """As ``SingleRNN.read``."""
        return torch.cat([self.rnn1(steps)[0] * self.rnn2(steps)[0], steps], -1)


class StackedResidualRNN(nn.Module):
    """A stack of forward networks of ``n_units``, each with its input added to its output.

    Args:
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        n_units: Features of a step, before and after.
        n_layers: Number of networks.
        dropout: Probability that an output is dropped in training, before the input is added.
    """

    def __init__(self, rnn_type: str, n_units: int, n_layers: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(SingleRNN(rnn_type, n_units, n_units) for _ in range(n_layers))
        self.dropout_layer = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, step, n_units)`` to the same shape."""
        for layer in self.layers:
            x = x + self.dropout_layer(layer(x))
        return x


class StackedResidualBiRNN(nn.Module):
    """A stack of networks in both directions; the first doubles the features, and so is its input added twice.

    Args:
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        n_units: Features of a step; hidden features of a direction.
        n_layers: Number of networks.
        dropout: Probability that an output is dropped in training, before the input is added.
    """

    def __init__(self, rnn_type: str, n_units: int, n_layers: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        self.first_layer = SingleRNN(rnn_type, n_units, n_units, bidirectional=True)
        self.layers = nn.ModuleList(
            SingleRNN(rnn_type, 2 * n_units, n_units, bidirectional=True) for _ in range(n_layers - 1)
        )
        self.dropout_layer = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, step, n_units)`` to ``(batch, step, 2 * n_units)``."""
        x = torch.cat([x, x], -1) + self.dropout_layer(self.first_layer(x))
        for layer in self.layers:
            x = x + self.dropout_layer(layer(x))
        return x


class LSTMMasker(nn.Module):
    """Masks from a stacked recurrent network that reads the frames.

    Args:
        in_chan: Features of a frame.
        n_src: Number of masks.
        out_chan: Features of a mask; ``in_chan`` unless given.
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        n_layers: Number of layers.
        hid_size: Hidden features of a direction.
        dropout: Probability that a number between two layers is dropped in training.
        mask_act: Name of the mask's activation; a softmax sums to one over the frames, as it always did.
        bidirectional: Read in both directions, after a global norm; else the norm is cumulative.

    Source: Luo & Mesgarani, "TasNet", ICASSP 2018, fig. 1.

    >>> LSTMMasker(8, n_src=2, n_layers=1, hid_size=4)(torch.zeros(1, 8, 9)).shape
    torch.Size([1, 2, 8, 9])
    """

    def __init__(
        self,
        in_chan: int,
        n_src: int,
        out_chan: int | None = None,
        rnn_type: str = "lstm",
        n_layers: int = 4,
        *,
        hid_size: int = 512,
        dropout: float = 0.3,
        mask_act: str = "sigmoid",
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.n_src = n_src
        self.out_chan = out_chan or in_chan
        self.bn_layer = norms.GlobLN(in_chan) if bidirectional else norms.CumLN(in_chan)
        rnn = SingleRNN(rnn_type, in_chan, hid_size, n_layers, dropout, bidirectional=bidirectional)
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)
        self.masker = nn.Sequential(rnn, nn.Linear(rnn.output_size, n_src * self.out_chan), self.output_act)

    def forward(self, x: Tensor) -> Tensor:
        """Masks ``(batch, n_src, out_chan, frame)`` from the frames ``(batch, in_chan, frame)``."""
        masks: Tensor = self.masker(self.bn_layer(x).transpose(1, 2))  # (batch, frame, n_src * out_chan)
        return torch.unflatten(masks.transpose(1, 2), 1, (self.n_src, self.out_chan))


def _rnn_of(
    rnn_type: str, input_size: int, hidden_size: int, n_layers: int, dropout: float, *, bidirectional: bool
) -> nn.RNNBase:
    make: Callable[..., nn.RNNBase] = get(rnn_type)
    between = dropout if n_layers > 1 else 0.0  # PyTorch warns of a dropout that has no place
    return make(input_size, hidden_size, n_layers, dropout=between, bidirectional=bidirectional)
