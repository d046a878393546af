"""DPTNet: learned filterbank, dual-path transformer masks, learned synthesis.

    mixture (batch, 1, time) --encoder, ReLU--> (batch, filter, frame)
                             --DPTransformer--> masks (batch, source, filter, frame)
                             --decoder--> (batch, source, time)

Source: Chen et al., "Dual-path transformer network", Interspeech 2020, fig. 1.
Checked: tests/models/test_recurrent_models.py (parameter count), tests/models/test_goldens.py.
"""

from __future__ import annotations

from typing import Any

from separate_cli.filterbanks import make_enc_dec
from separate_cli.layers.attention import DPTransformer
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder

__all__ = ["DPTNet"]


class DPTNet(EncoderMaskerDecoder):
    """Dual-path transformer separation network.

    Args:
        n_src: Number of sources.
        n_heads: Number of attention heads.
        ff_hid: Hidden features of a direction of the LSTMs.
        chunk_size: Frames in a chunk.
        hop_size: Frames between the starts of two chunks; half a chunk unless given.
        n_repeats: Number of pairs of layers.
        norm_type: Name of the normalisation.
        ff_activation: Name of what follows the LSTMs.
        encoder_activation: Name of what follows the encoder.
        mask_act: Name of the mask's activation.
        bidirectional: Whether the LSTMs across chunks read in both directions.
        dropout: Probability that a number is dropped in training.
        in_chan: Features of a frame; checked against the filterbank when given.
        fb_name: Filterbank, see ``separate_cli.filterbanks.get``.
        kernel_size: Length of its filters in samples.
        n_filters: Number of filters.
        stride: Samples between two frames.
        sample_rate: In Hz.
        fb_kwargs: Further arguments of the filterbank.

    Raises:
        ValueError: If a name is unknown or sizes do not fit.
        TypeError: If the filterbank does not take an argument.

    >>> sum(p.numel() for p in DPTNet(n_src=2).parameters())
    8529025
    """

    def __init__(
        self,
        n_src: int,
        n_heads: int = 4,
        ff_hid: int = 256,
        chunk_size: int = 100,
        hop_size: int | None = None,
        *,
        n_repeats: int = 6,
        norm_type: str = "gLN",
        ff_activation: str = "relu",
        encoder_activation: str | None = "relu",
        mask_act: str = "relu",
        bidirectional: bool = True,
        dropout: float = 0,
        in_chan: int | None = None,
        fb_name: str = "free",
        kernel_size: int = 16,
        n_filters: int = 64,
        stride: int = 8,
        sample_rate: float = 8000,
        **fb_kwargs: Any,
    ) -> None:
        encoder, decoder = make_enc_dec(
            fb_name, n_filters, kernel_size, stride=stride, sample_rate=sample_rate, **fb_kwargs
        )
        masker = DPTransformer(
            self.check_in_chan(in_chan, encoder.n_feats_out),
            n_src,
            n_heads,
            ff_hid,
            chunk_size,
            hop_size=hop_size,
            n_repeats=n_repeats,
            norm_type=norm_type,
            ff_activation=ff_activation,
            mask_act=mask_act,
            bidirectional=bidirectional,
            dropout=dropout,
        )
        super().__init__(encoder, masker, decoder, encoder_activation, sample_rate=sample_rate, n_sources=n_src)
