"""DCUNet: a complex U-Net over the STFT that gives complex masks.

    wave (batch, 1, time) --STFT--> (batch, 2 freq, frame) --ComplexUNet--> masks (batch, source, 2 freq, frame)
        --complex product, inverse STFT--> estimates (batch, source, time)

Source: Choi et al., "Phase-aware speech enhancement with deep complex U-Net", ICLR 2019, fig. 2 and appendix B.
Differs: real and imaginary parts are normalised separately, as in Asteroid.
Checked: tests/models/test_dcunet.py (golden numbers, parameter counts, what a sample hears).
"""

from __future__ import annotations

import torch
from torch import Tensor

from separate_cli.filterbanks import make_enc_dec, transforms
from separate_cli.layers.complex_unet import ComplexUNet, FixLength, Level
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder, frame_wise
from separate_cli.registry import Registry

__all__ = ["ARCHITECTURES", "DCUNet"]


def _level(
    channels: int, kernel: tuple[int, int], stride: tuple[int, int], decoder_channels: int | None = None
) -> Level:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return Level(channels, kernel, stride, padding, decoder_channels=decoder_channels)


ARCHITECTURES: Registry[tuple[Level, ...]] = Registry("DCUNet architecture")
"""Name → levels from the input down. The number in a name counts encoders and decoders."""

ARCHITECTURES.register(
    "mini", (_level(4, (7, 5), (2, 2)), _level(8, (7, 5), (2, 2)), _level(16, (5, 3), (2, 2)))
)  # for tests
ARCHITECTURES.register(
    "DCUNet-10",
    (
        _level(32, (7, 5), (2, 2)),
        _level(64, (7, 5), (2, 2)),
        _level(64, (5, 3), (2, 2)),
        _level(64, (5, 3), (2, 2)),
        _level(64, (5, 3), (2, 1)),
    ),
)
ARCHITECTURES.register(
    "DCUNet-16",
    (
        _level(32, (7, 5), (2, 2)),
        _level(32, (7, 5), (2, 1)),
        _level(64, (7, 5), (2, 2)),
        _level(64, (5, 3), (2, 1)),
        _level(64, (5, 3), (2, 2)),
        _level(64, (5, 3), (2, 1)),
        _level(64, (5, 3), (2, 2)),
        _level(64, (5, 3), (2, 1)),
    ),
)
ARCHITECTURES.register(
    "DCUNet-20",
    (
        _level(32, (7, 1), (1, 1)),
        _level(32, (1, 7), (1, 1)),
        _level(64, (7, 5), (2, 2)),
        _level(64, (7, 5), (2, 1)),
        _level(64, (5, 3), (2, 2)),
        _level(64, (5, 3), (2, 1)),
        _level(64, (5, 3), (2, 2)),
        _level(64, (5, 3), (2, 1)),
        _level(64, (5, 3), (2, 2)),
        _level(90, (5, 3), (2, 1)),
    ),
)
ARCHITECTURES.register(
    "Large-DCUNet-20",
    (
        _level(45, (7, 1), (1, 1)),
        _level(45, (1, 7), (1, 1), decoder_channels=90),
        _level(90, (7, 5), (2, 2), decoder_channels=90),
        _level(90, (7, 5), (2, 1)),
        _level(90, (5, 3), (2, 2)),
        _level(90, (5, 3), (2, 1)),
        _level(90, (5, 3), (2, 2)),
        _level(90, (5, 3), (2, 1)),
        _level(90, (5, 3), (2, 2)),
        _level(128, (5, 3), (2, 1)),
    ),
)


class DCUNet(EncoderMaskerDecoder):
    """Deep complex U-Net.

    Args:
        architecture: ``"DCUNet-10"``, ``"DCUNet-16"``, ``"DCUNet-20"``, ``"Large-DCUNet-20"``, or ``"mini"`` for tests.
        stft_n_filters: Points of the STFT.
        stft_kernel_size: Length of its window in samples.
        stft_stride: Samples between two frames.
        sample_rate: In Hz.
        n_src: Number of sources.
        fix_length_mode: What to do where the strides do not fit the number of frames: ``"pad"`` and None add frames of
            zeros, ``"trim"`` leaves frames at the end out, which come out as zeros.
        mask_bound: ``"tanh"`` (``"BDT"``) magnitudes below 1, ``"sigmoid"`` (``"BDSS"``) either part between 0 and 1,
            None (``"UBD"``) none.

    Raises:
        ValueError: If a name is unknown, or the architecture cannot halve ``stft_n_filters`` as often as it has to.

    >>> model = DCUNet("DCUNet-10")
    >>> sum(p.numel() for p in model.parameters())
    1421890
    """

    def __init__(
        self,
        architecture: str,
        stft_n_filters: int = 1024,
        stft_kernel_size: int = 1024,
        stft_stride: int = 256,
        sample_rate: float = 16000.0,
        *,
        n_src: int = 1,
        fix_length_mode: FixLength = None,
        mask_bound: str | None = "tanh",
    ) -> None:
        encoder, decoder = make_enc_dec(
            "stft", stft_n_filters, stft_kernel_size, stride=stft_stride, sample_rate=sample_rate
        )
        masker = ComplexUNet(
            ARCHITECTURES.get(architecture), n_src, mask_bound=mask_bound, fix_length_mode=fix_length_mode
        )
        if stft_n_filters % (2 * masker.freq_grid):
            raise ValueError(
                f"{architecture} needs stft_n_filters to be a multiple of {2 * masker.freq_grid}, got {stft_n_filters}."
            )
        super().__init__(encoder, masker, decoder, sample_rate=sample_rate, n_sources=n_src)
        before, after = masker.reach()
        self.hop_samples = stft_stride * masker.frame_grid
        self.lookbehind_samples = before * stft_stride + stft_kernel_size - 1
        self.lookahead_samples = after * stft_stride + stft_kernel_size - 1

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Complex masks ``(batch, source, 2 freq, frame)`` from the frames ``(batch, 2 freq, frame)``."""
        return torch.cat(self.masker(*transforms.reim(tf_rep)), -2)

    @frame_wise
    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, source, 2 freq, frame)``."""
        return transforms.apply_complex_mask(tf_rep.unsqueeze(1), est_masks)
