"""DPRNN-TasNet: learned filterbank, dual-path recurrent masks, learned synthesis.

    mixture (batch, 1, time) --encoder--> (batch, filter, frame)
                             --DPRNN--> masks (batch, source, filter, frame)
                             --decoder--> (batch, source, time)

Source: Luo et al., "Dual-path RNN", ICASSP 2020, fig. 1; ``use_mulcat``: Nachmani et al., ICML 2020.
Checked: tests/models/test_recurrent_models.py (parameter counts), tests/models/test_goldens.py.
"""

from __future__ import annotations

from typing import Any

from separate_cli.filterbanks import make_enc_dec
from separate_cli.layers.dual_path import DPRNN
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder

__all__ = ["DPRNNTasNet"]


class DPRNNTasNet(EncoderMaskerDecoder):
    """Dual-path recurrent separation network.

    Args:
        n_src: Number of sources.
        out_chan: Features of a mask; as many as a frame has unless given.
        bn_chan: Features inside the mask network.
        hid_size: Hidden features of a direction.
        chunk_size: Frames in a chunk.
        hop_size: Frames between the starts of two chunks; half a chunk unless given.
        n_repeats: Number of dual-path blocks.
        norm_type: Name of the normalisation.
        mask_act: Name of the mask's activation.
        bidirectional: Whether the networks across chunks read in both directions.
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        num_layers: Layers of a recurrent network.
        dropout: Probability that a number between two layers is dropped in training.
        in_chan: Features of a frame; checked against the filterbank when given.
        fb_name: Filterbank, see ``separate_cli.filterbanks.get``.
        kernel_size: Length of its filters in samples.
        n_filters: Number of filters.
        stride: Samples between two frames.
        encoder_activation: Name of what follows the encoder.
        sample_rate: In Hz.
        use_mulcat: Two networks, multiplied, beside the input, in place of each recurrent network.
        fb_kwargs: Further arguments of the filterbank.

    Raises:
        ValueError: If a name is unknown or sizes do not fit.
        TypeError: If the filterbank does not take an argument.

    >>> sum(p.numel() for p in DPRNNTasNet(n_src=2).parameters())
    3652865
    """

    def __init__(
        self,
        n_src: int,
        out_chan: int | None = None,
        bn_chan: int = 128,
        hid_size: int = 128,
        chunk_size: int = 100,
        *,
        hop_size: int | None = None,
        n_repeats: int = 6,
        norm_type: str = "gLN",
        mask_act: str = "sigmoid",
        bidirectional: bool = True,
        rnn_type: str = "LSTM",
        num_layers: int = 1,
        dropout: float = 0,
        in_chan: int | None = None,
        fb_name: str = "free",
        kernel_size: int = 16,
        n_filters: int = 64,
        stride: int = 8,
        encoder_activation: str | None = None,
        sample_rate: float = 8000,
        use_mulcat: bool = False,
        **fb_kwargs: Any,
    ) -> None:
        encoder, decoder = make_enc_dec(
            fb_name, n_filters, kernel_size, stride=stride, sample_rate=sample_rate, **fb_kwargs
        )
        masker = DPRNN(
            self.check_in_chan(in_chan, encoder.n_feats_out),
            n_src,
            out_chan,
            bn_chan,
            hid_size,
            chunk_size=chunk_size,
            hop_size=hop_size,
            n_repeats=n_repeats,
            norm_type=norm_type,
            mask_act=mask_act,
            bidirectional=bidirectional,
            rnn_type=rnn_type,
            use_mulcat=use_mulcat,
            num_layers=num_layers,
            dropout=dropout,
        )
        super().__init__(encoder, masker, decoder, encoder_activation, sample_rate=sample_rate, n_sources=n_src)
