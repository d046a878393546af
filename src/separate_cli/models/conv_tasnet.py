"""Conv-TasNet: learned filterbank, dilated-convolution masks, learned synthesis.

    mixture (batch, 1, time) --encoder--> (batch, filter, frame)
                             --TDConvNet--> masks (batch, source, filter, frame)
                             --decoder--> (batch, source, time)

Source: Luo & Mesgarani, "Conv-TasNet", TASLP 27(8), 2019, fig. 1 and table II.
Differs: the paper's encoder has a ReLU, ``encoder_activation="relu"``; recipes use ``mask_act="relu"``.
Checked: tests/models/test_conv_tasnet.py (parameter count, causality, chunks = whole), tests/models/test_goldens.py.
"""

from __future__ import annotations

from typing import Any

from separate_cli.filterbanks import make_enc_dec
from separate_cli.layers import norms
from separate_cli.layers.tcn import TDConvNet
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder

__all__ = ["ConvTasNet"]


class ConvTasNet(EncoderMaskerDecoder):
    """Convolutional time-domain audio separation network.

    Args:
        n_src: Number of sources.
        out_chan: Features of a mask; as many as a frame has unless given.
        n_blocks: Blocks of growing dilation in a repeat.
        n_repeats: How often the dilations start again at 1.
        bn_chan: Channels between the blocks.
        hid_chan: Channels in a block.
        skip_chan: Channels of the skip connections; 0 or None for none.
        conv_kernel_size: Taps of the depthwise convolutions.
        norm_type: Name of the normalisation. With ``causal``, the default ``gLN`` stands for ``cLN``, as gLN hears all.
        mask_act: Name of the mask's activation.
        in_chan: Features of a frame; checked against the filterbank when given.
        causal: No look-ahead beyond the encoder's filter.
        fb_name: Filterbank, see ``separate_cli.filterbanks.get``.
        kernel_size: Length of its filters in samples.
        n_filters: Number of filters.
        stride: Samples between two frames.
        encoder_activation: Name of what follows the encoder.
        sample_rate: In Hz.
        fb_kwargs: Further arguments of the filterbank.

    Raises:
        ValueError: If a name is unknown or sizes do not fit, or a causal network is given a norm that hears the future.
        TypeError: If the filterbank does not take an argument.

    >>> model = ConvTasNet(n_src=2)
    >>> sum(p.numel() for p in model.parameters())
    5050545
    >>> ConvTasNet(n_src=2, causal=True).lookahead_samples
    15
    """

    def __init__(
        self,
        n_src: int,
        out_chan: int | None = None,
        n_blocks: int = 8,
        n_repeats: int = 3,
        bn_chan: int = 128,
        *,
        hid_chan: int = 512,
        skip_chan: int | None = 128,
        conv_kernel_size: int = 3,
        norm_type: str = "gLN",
        mask_act: str = "sigmoid",
        in_chan: int | None = None,
        causal: bool = False,
        fb_name: str = "free",
        kernel_size: int = 16,
        n_filters: int = 512,
        stride: int = 8,
        encoder_activation: str | None = None,
        sample_rate: float = 8000,
        **fb_kwargs: Any,
    ) -> None:
        encoder, decoder = make_enc_dec(
            fb_name, n_filters, kernel_size, stride=stride, sample_rate=sample_rate, **fb_kwargs
        )
        masker = TDConvNet(
            self.check_in_chan(in_chan, encoder.n_feats_out),
            n_src,
            out_chan,
            n_blocks,
            n_repeats,
            bn_chan=bn_chan,
            hid_chan=hid_chan,
            skip_chan=skip_chan,
            conv_kernel_size=conv_kernel_size,
            norm_type=_causal_norm(norm_type) if causal else norm_type,
            mask_act=mask_act,
            causal=causal,
        )
        super().__init__(encoder, masker, decoder, encoder_activation, sample_rate=sample_rate, n_sources=n_src)
        norm = type(masker.bottleneck[0])
        reach = masker.reach_frames * encoder.stride
        if getattr(norm, "frame_local", False):
            self.lookbehind_samples = encoder.kernel_size - 1 + (reach if causal else reach // 2)
        if getattr(norm, "causal", False):
            self.lookahead_samples = encoder.kernel_size - 1 + (0 if causal else reach // 2)


def _causal_norm(norm_type: str) -> str:
    if norms.get(norm_type) is norms.GlobLN:
        return "cLN"
    if not getattr(norms.get(norm_type), "causal", False):
        raise ValueError(f"A causal network needs a norm without look-ahead, cLN, cgLN or bN, got {norm_type!r}.")
    return norm_type
