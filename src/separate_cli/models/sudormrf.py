"""SuDoRM-RF: successive down-sampling and re-sampling of multi-resolution features.

    mixture (batch, 1, time), zeros to a multiple of all levels' strides
        --encoder (SuDORMRFNet: ReLU)--> (batch, filter, frame)
        --SuDORMRF or SuDORMRFImproved--> masks (batch, source, filter, frame)
        --decoder--> (batch, source, time)

Source: Tzinis et al., "SuDoRM-RF", MLSP 2020; "Compute and memory efficient universal sound source separation", 2022.
Checked: tests/models/test_sudormrf.py (parameter counts, padding, aliases), tests/models/test_goldens.py.
"""

from __future__ import annotations

from math import lcm
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional

from separate_cli.filterbanks import Encoder, make_enc_dec
from separate_cli.layers.sudormrf import SuDORMRF, SuDORMRFImproved
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder

__all__ = ["SuDORMRFImprovedNet", "SuDORMRFNet"]


class _SuDORMRFBase(EncoderMaskerDecoder):
    """What both networks share; they differ in the mask network and two defaults."""

    _masker: ClassVar[type[SuDORMRF] | type[SuDORMRFImproved]]

    def _build(
        self,
        n_src: int,
        bn_chan: int,
        num_blocks: int,
        upsampling_depth: int,
        mask_act: str,
        *,
        in_chan: int | None,
        kernel_size: int,
        stride: int | None,
        encoder_activation: str | None,
        **filterbank: Any,
    ) -> None:
        half = kernel_size // 2
        if half < 1:
            raise ValueError(f"kernel_size must be at least 2, got {kernel_size}.")
        stride = stride or half
        encoder, decoder = make_enc_dec(
            kernel_size=kernel_size,
            stride=stride,
            padding=half,
            output_padding=min(half, stride) - 1,
            **filterbank,
        )
        masker = self._masker(
            self.check_in_chan(in_chan, encoder.n_feats_out),
            n_src,
            bn_chan,
            num_blocks,
            upsampling_depth,
            mask_act=mask_act,
        )
        super().__init__(
            PaddedEncoder(encoder, multiple=lcm(half, 2**upsampling_depth)),
            masker,
            decoder,
            encoder_activation,
            sample_rate=encoder.sample_rate,
            n_sources=n_src,
        )


class SuDORMRFNet(_SuDORMRFBase):
    """The first SuDoRM-RF network.

    Args:
        n_src: Number of sources.
        bn_chan: Channels between the blocks.
        num_blocks: Number of blocks.
        upsampling_depth: Levels of a block.
        mask_act: Name of the mask's activation.
        in_chan: Features of a frame; checked against the filterbank when given.
        fb_name: Filterbank, see ``separate_cli.filterbanks.get``.
        kernel_size: Length of its filters in samples.
        n_filters: Number of filters, even.
        stride: Samples between two frames; half the kernel unless given. (Asteroid ignored it.)
        sample_rate: In Hz.
        encoder_activation: Name of what follows the encoder.
        fb_kwargs: Further arguments of the filterbank.

    Raises:
        ValueError: If a name is unknown or sizes do not fit.
        TypeError: If the filterbank does not take an argument.

    >>> sum(p.numel() for p in SuDORMRFNet(n_src=2).parameters())
    2584196
    """

    _masker = SuDORMRF

    def __init__(
        self,
        n_src: int,
        bn_chan: int = 128,
        num_blocks: int = 16,
        upsampling_depth: int = 4,
        mask_act: str = "softmax",
        *,
        in_chan: int | None = None,
        fb_name: str = "free",
        kernel_size: int = 21,
        n_filters: int = 512,
        stride: int | None = None,
        sample_rate: float = 8000,
        encoder_activation: str | None = "relu",
        **fb_kwargs: Any,
    ) -> None:
        self._build(
            n_src,
            bn_chan,
            num_blocks,
            upsampling_depth,
            mask_act,
            in_chan=in_chan,
            fb_name=fb_name,
            kernel_size=kernel_size,
            n_filters=n_filters,
            stride=stride,
            sample_rate=sample_rate,
            encoder_activation=encoder_activation,
            **fb_kwargs,
        )


class SuDORMRFImprovedNet(_SuDORMRFBase):
    """The improved SuDoRM-RF network. Arguments as ``SuDORMRFNet``, with other defaults.

    >>> sum(p.numel() for p in SuDORMRFImprovedNet(n_src=2).parameters())
    2630801
    """

    _masker = SuDORMRFImproved

    def __init__(
        self,
        n_src: int,
        bn_chan: int = 128,
        num_blocks: int = 16,
        upsampling_depth: int = 4,
        mask_act: str = "relu",
        *,
        in_chan: int | None = None,
        fb_name: str = "free",
        kernel_size: int = 21,
        n_filters: int = 512,
        stride: int | None = None,
        sample_rate: float = 8000,
        encoder_activation: str | None = None,
        **fb_kwargs: Any,
    ) -> None:
        self._build(
            n_src,
            bn_chan,
            num_blocks,
            upsampling_depth,
            mask_act,
            in_chan=in_chan,
            fb_name=fb_name,
            kernel_size=kernel_size,
            n_filters=n_filters,
            stride=stride,
            sample_rate=sample_rate,
            encoder_activation=encoder_activation,
            **fb_kwargs,
        )


class PaddedEncoder(Encoder):
    """An encoder of waves with zeros at the end, up to a multiple of some number of samples.

    The filters appear under two names, this encoder's own and the inner one's, so that files of either naming load.

    Args:
        encoder: The inner encoder.
        multiple: Samples that the padded length is a multiple of.
    """

    def __init__(self, encoder: Encoder, multiple: int) -> None:
        super().__init__(encoder.filterbank, encoder.is_pinv, encoder.as_conv1d, encoder.padding)
        self.encoder = encoder
        self.multiple = multiple

    def forward(self, waveform: Tensor) -> Tensor:
        """Frames ``(batch, filter, frame)`` of the wave ``(batch, 1, time)``."""
        frames: Tensor = self.encoder(functional.pad(waveform, (0, -waveform.shape[-1] % self.multiple)))
        return frames
