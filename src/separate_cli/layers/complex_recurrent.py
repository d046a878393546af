"""Complex recurrent layers: two real ones in place of the parts of a complex factor.

    re, im (batch, frame, feature) --[A re - B im, A im + B re] x layers--> (batch, frame, hidden)

A and B are whole recurrent networks, biases included, so that the sum is complex arithmetic in form only.

Source: Hu et al., "DCCRN", Interspeech 2020, eq. 5 and 6.
Checked: tests/layers/test_complex.py, golden numbers of DCCRNet.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from separate_cli.layers.complex import ComplexModule, ComplexMultiplicationWrapper, Parts
from separate_cli.layers.recurrent import SingleRNN

__all__ = ["ComplexSingleRNN"]


class ComplexSingleRNN(ComplexModule):
    """Complex recurrent layers, one after the other.

    Args:
        rnn_type: ``"RNN"``, ``"LSTM"`` or ``"GRU"``.
        input_size: Features of the input.
        hidden_size: Features of the hidden states.
        n_layers: Number of layers.
        dropout: Probability that a number between two layers is dropped in training.
        bidirectional: Run both ways in time.

    >>> import torch
    >>> rnn = ComplexSingleRNN("LSTM", 4, 8, n_layers=2)
    >>> rnn(torch.zeros(1, 5, 4, dtype=torch.complex64)).shape, rnn.output_size
    (torch.Size([1, 5, 8]), 8)
    """

    def __init__(
        self,
        rnn_type: str,
        input_size: int,
        hidden_size: int,
        n_layers: int = 1,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.output_size = hidden_size * (2 if bidirectional else 1)
        sizes = [input_size] + [self.output_size] * (n_layers - 1)
        self.rnns = nn.ModuleList(
            ComplexMultiplicationWrapper(SingleRNN, rnn_type, size, hidden_size, bidirectional=bidirectional)
            for size in sizes
        )
        self.dropout = dropout

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """``(batch, frame, input_size)`` to ``(batch, frame, output_size)``."""
        for number, rnn in enumerate(self.rnns):
            if number:
                real = functional.dropout(real, self.dropout, self.training)
                imaginary = functional.dropout(imaginary, self.dropout, self.training)
            real, imaginary = rnn(real, imaginary)
        return real, imaginary
