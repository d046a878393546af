"""Filterbanks, encoders and decoders: the frame every analysis and synthesis hangs in.

    wave   (..., time)           --pre_analysis, strided correlation, post_analysis-->        (..., feature, frame)
    frames (..., feature, frame) --pre_synthesis, transposed convolution, post_synthesis-->   (..., time)

A filterbank holds the filters and the four hooks; an encoder or decoder says how they are applied. The two sides of a
pair hold separate filters, unless one is the pseudo-inverse of the other.

Source: Pariente et al., "Filterbank design for end-to-end speech separation", ICASSP 2020.
Checked: tests/filterbanks/test_base.py (NumPy correlation, adjointness, perfect reconstruction by pseudo-inverse).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.filterbanks.recording import is_eager
from separate_cli.filterbanks.synthesis import transposed_convolution

__all__ = ["Decoder", "Encoder", "Filterbank", "is_eager"]


_MOST_NUMBERS = 1 << 27


class Filterbank(nn.Module):
    """Base class: a set of filters ``(feature, 1, kernel)`` and the hooks around their use.

    A subclass implements ``filters`` and sets ``n_feats_out`` where it differs from ``n_filters``.

    Args:
        n_filters: Number of filters asked for; for complex banks, of real and imaginary parts together.
        kernel_size: Length of a filter in samples.
        stride: Samples between two frames; half the kernel unless given.
        sample_rate: In Hz; decides the filters of the parametrised banks.

    Raises:
        ValueError: If a size is not positive, or the filters have more than 2^27 numbers.
    """

    n_feats_out: int
    """Features in a frame, which may differ from ``n_filters``."""
    own_arguments: ClassVar[tuple[str, ...]] = ()
    """Names of the constructor arguments that a subclass adds; each is also an attribute."""

    def __init__(
        self, n_filters: int, kernel_size: int, stride: int | None = None, sample_rate: float = 8000.0
    ) -> None:
        super().__init__()
        stride = stride if stride is not None else max(kernel_size // 2, 1)
        for name, value in {"n_filters": n_filters, "kernel_size": kernel_size, "stride": stride}.items():
            if isinstance(value, bool) or int(value) != value or value < 1:
                raise ValueError(f"{name} must be a positive whole number, got {value!r}.")
        if max(n_filters * kernel_size, stride) > _MOST_NUMBERS:  # a mistake, or a file that means harm
            raise ValueError(f"{n_filters} filters of {kernel_size} samples every {stride} samples are too large.")
        if not 0 < sample_rate < math.inf:
            raise ValueError(f"sample_rate must be positive, got {sample_rate!r}.")
        self.n_filters = int(n_filters)
        self.kernel_size = int(kernel_size)
        self.stride = int(stride)
        self.sample_rate = sample_rate
        self.n_feats_out = self.n_filters

    def filters(self) -> Tensor:
        """The filters, ``(feature, 1, kernel)``."""
        raise NotImplementedError

    def pre_analysis(self, wav: Tensor) -> Tensor:
        """What the encoder does to the wave, ``(..., time)``, before the filters."""
        return wav

    def post_analysis(self, frames: Tensor) -> Tensor:
        """What the encoder does to the frames, ``(..., feature, frame)``, after the filters."""
        return frames

    def pre_synthesis(self, frames: Tensor) -> Tensor:
        """What the decoder does to the frames, ``(..., feature, frame)``, before the filters."""
        return frames

    def post_synthesis(self, wav: Tensor) -> Tensor:
        """What the decoder does to the wave, ``(..., time)``, after the filters."""
        return wav

    def quick_analysis(self, wav: Tensor) -> Tensor | None:
        """Frames of ``wav``, ``(batch, 1, time)``, by a quicker way than correlation; None where there is none."""
        del wav
        return None

    def quick_synthesis(self, frames: Tensor) -> Tensor | None:
        """The wave of ``frames``, ``(batch, feature, frame)``, by a quicker way than convolution; None likewise."""
        del frames
        return None

    def get_config(self) -> dict[str, Any]:
        """Class name and constructor arguments that rebuild this filterbank, without weights."""
        names = ("n_filters", "kernel_size", "stride", "sample_rate", *self.own_arguments)
        return {"fb_name": type(self).__name__} | {name: getattr(self, name) for name in names}

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return ", ".join(f"{name}={value!r}" for name, value in self.get_config().items() if name != "fb_name")


class _Side(nn.Module):
    """What encoder and decoder share: a filterbank, used as it is or through its pseudo-inverse."""

    def __init__(self, filterbank: Filterbank, *, is_pinv: bool, padding: int) -> None:
        super().__init__()
        if padding < 0:
            raise ValueError(f"padding must not be negative, got {padding}.")
        self.filterbank = filterbank
        self.is_pinv = is_pinv
        self.padding = padding
        self.kernel_size = filterbank.kernel_size
        self.stride = filterbank.stride
        self.sample_rate = filterbank.sample_rate
        self.n_feats_out = filterbank.n_feats_out

    def filters(self) -> Tensor:
        """The filters in use, ``(feature, 1, kernel)``."""
        filters = self.filterbank.filters()
        return self.compute_filter_pinv(filters) if self.is_pinv else filters

    def get_filters(self) -> Tensor:
        """The same as ``filters``: Asteroid's name for it."""
        return self.filters()

    def compute_filter_pinv(self, filters: Tensor) -> Tensor:
        """The filters that undo ``filters``, ``(feature, 1, kernel)``, at this side's stride; as many, as long."""
        return _pseudo_inverse(filters, self.stride)

    def get_config(self) -> dict[str, Any]:
        """The filterbank's configuration, and whether its pseudo-inverse is used."""
        return self.filterbank.get_config() | {"is_pinv": self.is_pinv}


class Encoder(_Side):
    """From waves to frames.

    Args:
        filterbank: Its filters and analysis hooks are used.
        is_pinv: Use the pseudo-inverse of the filters.
        as_conv1d: Take ``(batch, 1, time)`` as a batch of waves, as a 1-D convolution does. When False, the middle
            axis is kept like every other leading axis.
        padding: Zeros put on both ends of the wave, in samples.

    >>> from separate_cli.filterbanks import FreeFB
    >>> encoder, decoder = Encoder(FreeFB(8, 4)), Decoder(FreeFB(8, 4))
    >>> encoder(torch.randn(2, 1, 20)).shape, encoder(torch.randn(20)).shape
    (torch.Size([2, 8, 9]), torch.Size([8, 9]))
    >>> decoder(encoder(torch.randn(2, 3, 20))).shape
    torch.Size([2, 3, 20])
    """

    def __init__(self, filterbank: Filterbank, is_pinv: bool = False, as_conv1d: bool = True, padding: int = 0) -> None:
        super().__init__(filterbank, is_pinv=is_pinv, padding=padding)
        self.as_conv1d = as_conv1d

    @classmethod
    def pinv_of(cls, other: Filterbank | Decoder, **kwargs: Any) -> Encoder:
        """The encoder that undoes a decoder (or a filterbank used as one). It shares the filters."""
        return cls(other.filterbank if isinstance(other, Decoder) else other, is_pinv=True, **kwargs)

    def forward(self, waveform: Tensor) -> Tensor:
        """Analyse ``waveform``.

        Args:
            waveform: ``(time)``, ``(batch, time)``, ``(batch, 1, time)`` or ``(..., time)``.

        Returns:
            ``(feature, frame)``, ``(batch, feature, frame)`` (second and third form) or ``(..., feature, frame)``.

        Raises:
            ValueError: If the wave is shorter than a filter, or has no axis.
        """
        if waveform.ndim == 0:
            raise ValueError("Expected a wave of shape (..., time), got a single number.")
        if self.as_conv1d and waveform.ndim == 3:
            waveform = waveform.squeeze(1)  # (batch, time) if there is one channel
        waveform = self.filterbank.pre_analysis(waveform)
        samples = waveform.shape[-1]
        if is_eager() and samples + 2 * self.padding < self.kernel_size:
            raise ValueError(f"Expected at least {self.kernel_size - 2 * self.padding} samples, got {samples}.")
        flat = waveform.reshape(-1, 1, samples)
        if self.padding:
            flat = functional.pad(flat, (self.padding, self.padding))
        frames = None if self.is_pinv else self.filterbank.quick_analysis(flat)
        if frames is None:
            frames = functional.conv1d(flat, self.filters(), stride=self.stride)
        frames = frames.reshape(*waveform.shape[:-1], *frames.shape[-2:])  # (..., feature, frame)
        return self.filterbank.post_analysis(frames)


class Decoder(_Side):
    """From frames to waves, by overlap-add of the filters weighted by the frames.

    Args:
        filterbank: Its filters and synthesis hooks are used.
        is_pinv: Use the pseudo-inverse of the filters.
        padding: Samples dropped from both ends.
        output_padding: Samples added at the end, less than the stride.
    """

    def __init__(
        self, filterbank: Filterbank, is_pinv: bool = False, padding: int = 0, output_padding: int = 0
    ) -> None:
        super().__init__(filterbank, is_pinv=is_pinv, padding=padding)
        if not 0 <= output_padding < max(self.stride, 2):
            raise ValueError(f"output_padding must be less than the stride, {self.stride}, got {output_padding}.")
        self.output_padding = output_padding

    @classmethod
    def pinv_of(cls, other: Filterbank | Encoder, **kwargs: Any) -> Decoder:
        """The decoder that undoes an encoder (or a filterbank used as one). It shares the filters."""
        return cls(other.filterbank if isinstance(other, Encoder) else other, is_pinv=True, **kwargs)

    def forward(self, spec: Tensor, length: int | None = None) -> Tensor:
        """Synthesise ``spec``.

        Args:
            spec: ``(feature, frame)``, ``(batch, feature, frame)`` or ``(..., feature, frame)``.
            length: Samples to keep, when there are more.

        Returns:
            ``(time)``, ``(batch, 1, time)`` or ``(..., time)``.

        Raises:
            ValueError: If ``spec`` has not the filterbank's features.
        """
        if spec.ndim < 2 or (is_eager() and spec.shape[-2] != self.n_feats_out):
            raise ValueError(f"Expected frames of shape (..., {self.n_feats_out}, frame), got {tuple(spec.shape)}.")
        spec = self.filterbank.pre_synthesis(spec)
        flat = spec.reshape(-1, *spec.shape[-2:])
        wav = None if self.is_pinv else self.filterbank.quick_synthesis(flat)
        if wav is None:
            wav = transposed_convolution(flat, self.filters(), self.stride)  # (all leading axes in one, 1, time)
        if self.padding or self.output_padding:
            wav = functional.pad(wav, (-self.padding, self.output_padding - self.padding))
        if spec.ndim != 3:
            wav = wav.reshape(*spec.shape[:-2], wav.shape[-1])
        wav = self.filterbank.post_synthesis(wav)
        return wav if length is None else wav[..., :length]


def _pseudo_inverse(filters: Tensor, stride: int) -> Tensor:
    """Filters that undo ``filters``, ``(feature, 1, kernel)``, at full overlap of ``kernel / stride`` frames."""
    kernel_size = filters.shape[-1]
    inverse: Tensor = torch.linalg.pinv(filters.squeeze(1)).mT  # (feature, kernel)
    return inverse.unsqueeze(1).mul(stride / kernel_size)
