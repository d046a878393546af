"""Models that mask frames: encode, multiply by one mask a source, decode.

    wave (batch, 1, time) --encoder, activation--> frames (batch, feature, frame)
                          --masker-->              masks (batch, source, feature, frame)
                          --product-->             masked frames (batch, source, feature, frame)
                          --decoder-->             estimates (batch, source, time)

Each arrow is a method that a subclass may replace. Waves shorter than a filter are padded with zeros for the encoder;
samples after the last frame come out as zeros.

Source: Luo & Mesgarani, "TasNet", ICASSP 2018, fig. 1.
Checked: tests/models/test_encoder_masker_decoder.py (shapes, lengths, tracing, hooks).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from separate_cli.filterbanks import Encoder
from separate_cli.filterbanks.base import is_eager
from separate_cli.layers import activations
from separate_cli.models.base import Separator

__all__ = ["EncoderMaskerDecoder"]


class EncoderMaskerDecoder(Separator):
    """Encoder, mask network and decoder.

    Args:
        encoder: ``(batch, 1, time)`` to ``(batch, feature, frame)``.
        masker: ``(batch, feature, frame)`` to ``(batch, source, feature, frame)``.
        decoder: ``(batch, source, feature, frame)`` to ``(batch, source, time)``.
        encoder_activation: Name of what follows the encoder; None for nothing.
        sample_rate: In Hz.
        n_sources: Number of masks.
    """

    def __init__(
        self,
        encoder: Encoder,
        masker: nn.Module,
        decoder: nn.Module,
        encoder_activation: str | None = None,
        *,
        sample_rate: float = 8000,
        n_sources: int,
    ) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=n_sources)
        self.encoder = encoder
        self.masker = masker
        self.decoder = decoder
        self.encoder_activation = encoder_activation
        self.enc_activation = activations.get(encoder_activation)()
        self.hop_samples = encoder.stride
        self.min_samples = encoder.kernel_size

    def forward(self, wav: Tensor) -> Tensor:
        """Separate ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, 1, time)``.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``; as long as the input.

        Raises:
            ValueError: If the shape is none of these, or there is no sample.
        """
        _check_shape(wav)
        mono = wav if wav.ndim == 3 else wav.unsqueeze(-2)  # (batch, 1, time) or (1, time)
        mono = mono if mono.ndim == 3 else mono.unsqueeze(0)  # (batch, 1, time)
        time = wav.shape[-1]
        missing = self.min_samples - time
        padded = functional.pad(mono, (0, (missing + abs(missing)) // 2))  # no branch: a traced graph takes any length
        frames = self.forward_encoder(padded)
        masked = self.apply_masks(frames, self.forward_masker(frames))
        estimates = self.forward_decoder(masked)
        estimates = functional.pad(estimates, (0, time - estimates.shape[-1]))  # negative: cut
        return estimates if wav.ndim > 1 else estimates.squeeze(0)

    def forward_encoder(self, wav: Tensor) -> Tensor:
        """Frames ``(batch, feature, frame)`` of the wave ``(batch, 1, time)``."""
        frames: Tensor = self.enc_activation(self.encoder(wav))
        return frames

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Masks ``(batch, source, feature, frame)`` from the frames ``(batch, feature, frame)``."""
        masks: Tensor = self.masker(tf_rep)
        return masks

    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, source, feature, frame)``."""
        return est_masks * tf_rep.unsqueeze(1)

    def forward_decoder(self, masked_rep: Tensor) -> Tensor:
        """Waves ``(batch, source, time)`` from the masked frames ``(batch, source, feature, frame)``."""
        waves: Tensor = self.decoder(masked_rep)
        return waves


def _check_shape(wav: Tensor) -> None:
    if not 1 <= wav.ndim <= 3 or (is_eager() and wav.ndim == 3 and wav.shape[1] != 1):
        raise ValueError(f"Expected (time), (batch, time) or (batch, 1, time), got shape {tuple(wav.shape)}.")
    if is_eager() and wav.shape[-1] == 0:
        raise ValueError("Expected at least one sample, got none.")
