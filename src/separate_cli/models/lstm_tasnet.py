"""LSTM-TasNet: gated learned filterbank, recurrent masks, learned synthesis.

    mixture (batch, 1, time) --relu(encoder) * sigmoid(encoder')--> (batch, filter, frame)
                             --LSTMMasker--> masks (batch, source, filter, frame)
                             --decoder--> (batch, source, time)

Source: Luo & Mesgarani, "TasNet", ICASSP 2018, fig. 1 and eq. 3.
Checked: tests/models/test_recurrent_models.py (parameter count, aliases), tests/models/test_goldens.py.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from torch import Tensor

from separate_cli.filterbanks import Encoder, make_enc_dec
from separate_cli.layers.recurrent import LSTMMasker
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder

__all__ = ["LSTMTasNet"]


class LSTMTasNet(EncoderMaskerDecoder):
    """Recurrent time-domain separation network.

    Args:
        n_src: Number of sources.
        out_chan: Features of a mask; as many as a frame has unless given.
        rnn_type: ``lstm``, ``gru`` or ``rnn``. (Asteroid stored it and always built an LSTM.)
        n_layers: Number of recurrent layers.
        hid_size: Hidden features of a direction.
        dropout: Probability that a number between two layers is dropped in training.
        mask_act: Name of the mask's activation.
        bidirectional: Read in both directions.
        in_chan: Features of a frame; checked against the filterbank when given.
        fb_name: Filterbank, see ``separate_cli.filterbanks.get``.
        n_filters: Number of filters.
        kernel_size: Length of its filters in samples.
        stride: Samples between two frames.
        encoder_activation: Name of what follows the gated encoder.
        sample_rate: In Hz.
        fb_kwargs: Further arguments of the filterbank.

    Raises:
        ValueError: If a name is unknown or sizes do not fit.
        TypeError: If the filterbank does not take an argument.

    >>> sum(p.numel() for p in LSTMTasNet(n_src=2).parameters())
    21400832
    """

    def __init__(
        self,
        n_src: int,
        out_chan: int | None = None,
        rnn_type: str = "lstm",
        n_layers: int = 4,
        hid_size: int = 512,
        *,
        dropout: float = 0.3,
        mask_act: str = "sigmoid",
        bidirectional: bool = True,
        in_chan: int | None = None,
        fb_name: str = "free",
        n_filters: int = 64,
        kernel_size: int = 16,
        stride: int = 8,
        encoder_activation: str | None = None,
        sample_rate: float = 8000,
        **fb_kwargs: Any,
    ) -> None:
        encoder, decoder = make_enc_dec(
            fb_name, n_filters, kernel_size, stride=stride, sample_rate=sample_rate, **fb_kwargs
        )
        masker = LSTMMasker(
            self.check_in_chan(in_chan, encoder.n_feats_out),
            n_src,
            out_chan,
            rnn_type,
            n_layers,
            hid_size=hid_size,
            dropout=dropout,
            mask_act=mask_act,
            bidirectional=bidirectional,
        )
        super().__init__(
            GatedEncoder(encoder), masker, decoder, encoder_activation, sample_rate=sample_rate, n_sources=n_src
        )
        if not bidirectional:
            self.lookahead_samples = encoder.kernel_size - 1


class GatedEncoder(Encoder):
    """Two encoders of the same kind: one gives what there is, the other how much of it passes.

    The first one's filters also appear under the gated encoder's own name, so that files of either naming load.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder.filterbank, encoder.is_pinv, encoder.as_conv1d, encoder.padding)
        self.encoder_relu = encoder
        self.encoder_sig = deepcopy(encoder)

    def forward(self, waveform: Tensor) -> Tensor:
        """Gated frames ``(batch, filter, frame)`` of the wave ``(batch, 1, time)``."""
        gated: Tensor = self.encoder_relu(waveform).relu() * self.encoder_sig(waveform).sigmoid()
        return gated
