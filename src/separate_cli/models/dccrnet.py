"""DCCRNet: a complex U-Net over the STFT with complex LSTMs at its bottom.

    wave (batch, 1, time) --STFT, without the Nyquist bin--> (batch, 2 freq, frame)
        --encoders, ComplexSingleRNN, dense, decoders--> masks (batch, source, 2 freq, frame), zero at the Nyquist bin
        --complex product, inverse STFT--> estimates (batch, source, time)

Source: Hu et al., "DCCRN: deep complex convolution recurrent network for phase-aware speech enhancement", Interspeech
2020, fig. 2; the variant DCCRN-CL.
Differs: real and imaginary parts are normalised separately, as in Asteroid; convolutions hear one frame ahead each, six
together, where the paper allows the same look-ahead at the end.
Checked: tests/models/test_dccrnet.py (golden numbers, parameter counts, what a sample hears).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.filterbanks import make_enc_dec, transforms
from separate_cli.layers.complex import ComplexModule, ComplexMultiplicationWrapper, Parts
from separate_cli.layers.complex_recurrent import ComplexSingleRNN
from separate_cli.layers.complex_unet import ComplexUNet, Level
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder, frame_wise
from separate_cli.registry import Registry

__all__ = ["ARCHITECTURES", "DCCRNet"]

ARCHITECTURES: Registry[tuple[int, ...]] = Registry("DCCRNet architecture")
"""Name → channels of the encoders from the input down."""
ARCHITECTURES.register("mini", (4, 8))  # for tests
ARCHITECTURES.register("DCCRN-CL", (16, 32, 64, 128, 128, 128))


class DCCRNet(EncoderMaskerDecoder):
    """Deep complex convolution recurrent network.

    Args:
        architecture: ``"DCCRN-CL"``, or ``"mini"`` for tests.
        stft_n_filters: Points of the STFT.
        stft_kernel_size: Length of its window in samples.
        stft_stride: Samples between two frames.
        sample_rate: In Hz.
        n_freqs: Frequencies that the network sees: ``stft_n_filters // 2``, which None stands for.
        n_src: Number of sources.
        mask_bound: ``"tanh"`` (``"BDT"``) magnitudes below 1, ``"sigmoid"`` (``"BDSS"``) either part between 0 and 1,
            None (``"UBD"``) none.

    Raises:
        ValueError: If a name is unknown, or the architecture cannot halve the frequencies as often as it has to.

    >>> model = DCCRNet("DCCRN-CL")
    >>> sum(p.numel() for p in model.parameters()), model.lookahead_samples
    (3669336, 999)
    """

    def __init__(
        self,
        architecture: str,
        stft_n_filters: int = 512,
        stft_kernel_size: int = 400,
        stft_stride: int = 100,
        sample_rate: float = 16000.0,
        *,
        n_freqs: int | None = None,
        n_src: int = 1,
        mask_bound: str | None = "tanh",
    ) -> None:
        encoder, decoder = make_enc_dec(
            "stft", stft_n_filters, stft_kernel_size, stride=stft_stride, sample_rate=sample_rate
        )
        channels = ARCHITECTURES.get(architecture)
        freqs, remainder = divmod(stft_n_filters // 2, 2 ** len(channels))
        if remainder or n_freqs not in {None, stft_n_filters // 2}:
            raise ValueError(
                f"{architecture} needs stft_n_filters to be a multiple of {2 ** (len(channels) + 1)} and n_freqs half "
                f"of it, got {stft_n_filters} and {n_freqs}."
            )
        masker = ComplexUNet(
            [Level(size, (5, 2), (2, 1), (2, 0), output_padding=(1, 0)) for size in channels],
            n_src,
            activation=nn.PReLU,
            mask_bound=mask_bound,
            bottleneck=_Recurrent(channels[-1], freqs),
        )
        super().__init__(encoder, masker, decoder, sample_rate=sample_rate, n_sources=n_src)
        self.min_samples = stft_kernel_size + len(channels) * stft_stride  # each encoder takes a frame
        self.lookahead_samples = masker.reach()[1] * stft_stride + stft_kernel_size - 1

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Complex masks ``(batch, source, 2 freq, frame)`` from the frames ``(batch, 2 freq, frame)``."""
        real, imaginary = transforms.reim(tf_rep)
        masks = self.masker(real[:, :-1], imaginary[:, :-1])
        return torch.cat([functional.pad(part, (0, 0, 0, 1)) for part in masks], -2)

    @frame_wise
    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, source, 2 freq, frame)``."""
        return transforms.apply_complex_mask(tf_rep.unsqueeze(1), est_masks)


class _Recurrent(ComplexModule):
    """Two complex LSTMs over the frames and a dense layer, ``(batch, channel, freq, frame)`` to the same shape."""

    def __init__(self, channels: int, freqs: int, hidden_size: int = 128) -> None:
        super().__init__()
        self.rnn = ComplexSingleRNN("LSTM", channels * freqs, hidden_size, n_layers=2)
        self.linear = ComplexMultiplicationWrapper(nn.Linear, self.rnn.output_size, channels * freqs)

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """Either part, as it came."""
        rows = [part.flatten(1, 2).mT for part in (real, imaginary)]  # (batch, frame, channel * freq)
        dense = self.linear(*self.rnn(*rows))
        return dense[0].mT.reshape(real.shape), dense[1].mT.reshape(real.shape)
