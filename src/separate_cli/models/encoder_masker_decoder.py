"""Models that mask frames: encode, multiply by one mask a source, decode.

    wave (batch, 1, time) --encoder, activation--> frames (batch, feature, frame)
                          --masker-->              masks (batch, source, feature, frame)
                          --product-->             masked frames (batch, source, feature, frame)
                          --decoder-->             estimates (batch, source, time)

Each arrow is a method that a subclass may replace. Waves shorter than a filter are padded with zeros for the encoder;
samples after the last frame come out as zeros. For inference on a CPU, masking and decoding go block by block, so that
no masked copy of the whole signal is made, where both are known to give the same that way: the decoder as it comes, and
an ``apply_masks`` that is marked ``frame_wise``.

Source: Luo & Mesgarani, "TasNet", ICASSP 2018, fig. 1.
Checked: tests/models/test_encoder_masker_decoder.py (shapes, lengths, tracing, hooks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeGuard, TypeVar

from torch import Tensor, nn
from torch.nn import functional

from separate_cli.filterbanks import Decoder, Encoder, Filterbank
from separate_cli.layers import activations
from separate_cli.layers.blocks import is_plain_inference, time_blocks
from separate_cli.models.base import Separator
from separate_cli.models.shapes import as_given, mono_batch

__all__ = ["EncoderMaskerDecoder", "frame_wise"]

Method = TypeVar("Method", bound=Callable[..., Tensor])


def frame_wise(apply_masks: Method) -> Method:
    """Decorator: this ``apply_masks`` treats every frame by itself, so that it may be given some frames at a time."""
    apply_masks.is_frame_wise = True  # type: ignore[attr-defined]  # functions take attributes
    return apply_masks


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

    @staticmethod
    def check_in_chan(in_chan: int | None, n_feats_out: int) -> int:
        """The features of a frame, where ``in_chan`` agrees with the filterbank or is None.

        Raises:
            ValueError: If it does not agree.
        """
        if in_chan not in {None, n_feats_out}:
            raise ValueError(f"in_chan must be what the filterbank gives, {n_feats_out}, got {in_chan}.")
        return n_feats_out

    def forward(self, wav: Tensor) -> Tensor:
        """Separate ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, 1, time)``.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``; as long as the input.

        Raises:
            ValueError: If the shape is none of these, or there is no sample.
        """
        frames = self.forward_encoder(mono_batch(wav, min_samples=self.min_samples))
        return as_given(self._synthesise(frames, self.forward_masker(frames)), wav)

    def forward_encoder(self, wav: Tensor) -> Tensor:
        """Frames ``(batch, feature, frame)`` of the wave ``(batch, 1, time)``."""
        frames: Tensor = self.enc_activation(self.encoder(wav))
        return frames

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Masks ``(batch, source, feature, frame)`` from the frames ``(batch, feature, frame)``."""
        masks: Tensor = self.masker(tf_rep)
        return masks

    @frame_wise
    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, source, feature, frame)``. Whoever replaces it may mark theirs ``frame_wise``."""
        return est_masks * tf_rep.unsqueeze(1)

    def forward_decoder(self, masked_rep: Tensor) -> Tensor:
        """Waves ``(batch, source, time)`` from the masked frames ``(batch, source, feature, frame)``."""
        waves: Tensor = self.decoder(masked_rep)
        return waves

    def _synthesise(self, frames: Tensor, masks: Tensor) -> Tensor:
        """``apply_masks`` and ``forward_decoder``, in blocks of frames where that gives the same."""
        by_frames = is_plain_inference(frames) and self._goes_by_frames()
        if not (by_frames and _is_overlap_add(self.decoder)):
            return self.forward_decoder(self.apply_masks(frames, masks))
        blocks = time_blocks(frames.shape[-1], max(masks[..., 0].numel(), 1))
        masked = ((block, self.apply_masks(frames[..., block], masks[..., block])) for block in blocks)
        return _overlap_add(masked, frames.shape[-1], self.decoder)

    def _goes_by_frames(self) -> bool:
        decode = getattr(self.forward_decoder, "__func__", None)  # a function set on the object has none
        frame_by_frame: bool = getattr(self.apply_masks, "is_frame_wise", False)
        return frame_by_frame and decode is EncoderMaskerDecoder.forward_decoder


def _is_overlap_add(decoder: nn.Module) -> TypeGuard[Decoder]:
    """Whether a decoder adds up weighted filters and does nothing else, before or after, and nobody listens to it."""
    if type(decoder) is not Decoder or "forward" in vars(decoder):
        return False
    if decoder._forward_hooks or decoder._forward_pre_hooks:
        return False
    bank = type(decoder.filterbank)
    return bank.pre_synthesis is Filterbank.pre_synthesis and bank.post_synthesis is Filterbank.post_synthesis


def _overlap_add(masked: Iterable[tuple[slice, Tensor]], n_frames: int, decoder: Decoder) -> Tensor:
    """``decoder`` of frames in blocks ``(batch, source, feature, some frames)``: waves ``(batch, source, time)``."""
    filters, stride, kernel_size = decoder.filters(), decoder.stride, decoder.kernel_size
    full = (n_frames - 1) * stride + kernel_size
    total: Tensor | None = None
    for block, frames in masked:
        if total is None:
            total = frames.new_zeros(*frames.shape[:2], full + decoder.output_padding)
        start, samples = block.start * stride, (frames.shape[-1] - 1) * stride + kernel_size
        if kernel_size > _SHORT_FILTER:
            waves = functional.conv_transpose1d(frames.flatten(0, 1), filters, stride=stride)
        else:  # a matrix product and additions: the general routine is ten times slower for short filters
            pieces = filters.squeeze(1).T @ frames.flatten(0, 1)  # (batch * source, kernel, frame)
            waves = functional.fold(pieces, (samples, 1), (kernel_size, 1), stride=(stride, 1))
        total[..., start : start + samples] += waves.view(*total.shape[:2], samples)
    if total is None:
        raise ValueError("Expected at least one frame.")
    return total[..., decoder.padding : full - decoder.padding + decoder.output_padding]


BaseEncoderMaskerDecoder = BaseTasNet = EncoderMaskerDecoder
"""Asteroid's names."""
_SHORT_FILTER = 64
"""Samples."""
