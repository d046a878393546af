"""A complex U-Net over spectra: the mask network of DCUNet, and with recurrent layers at its bottom of DCCRN.

    re, im (batch, 1, freq, frame) --encoders--> (batch, channel, freq / F, frame / P) --bottleneck-->
        --decoders, each with the output of its encoder beside its input--> masks re, im (batch, source, freq, frame)

All layers are of ``separate_cli.layers.complex``: native complex tensors or two real ones.

Source: Choi et al., "Phase-aware speech enhancement with deep complex U-Net", ICLR 2019, fig. 2 and appendix B.
Differs: batch normalisation treats real and imaginary parts separately, as in Asteroid.
Checked: tests/layers/test_complex_unet.py (what a frame hears, lengths), tests/models/test_dcunet.py (golden numbers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.layers.complex import (
    BoundComplexMask,
    ComplexConv2d,
    ComplexConvTranspose2d,
    ComplexModule,
    OnReIm,
    Parts,
)

__all__ = ["ComplexUNet", "FixLength", "Level"]

FixLength = Literal["pad", "trim"] | None


@dataclass(frozen=True)
class Level:
    """One level of the U-Net. Sizes are ``(freq, frame)``.

    Attributes:
        channels: Channels of the encoder.
        kernel: Size of the encoder's and the decoder's filters.
        stride: By how much the encoder shortens and the decoder lengthens.
        padding: Zeros on both ends.
        output_padding: What the decoder adds at the end.
        decoder_channels: Channels of the decoder; as many as the encoder's input unless given.
    """

    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    output_padding: tuple[int, int] = (0, 0)
    decoder_channels: int | None = None


class _Block(ComplexModule):
    """Convolution, normalisation and activation of either part. ``name`` is what checkpoints call the convolution."""

    def __init__(self, name: str, convolution: ComplexModule, channels: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self._name = name
        self.add_module(name, convolution)
        self.norm = OnReIm(nn.BatchNorm2d, channels)
        self.activation = OnReIm(activation)

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        convolved = self.get_submodule(self._name)(real, imaginary)
        parts: Parts = self.activation(*self.norm(*convolved))
        return parts


class ComplexUNet(ComplexModule):
    """Complex masks of a complex spectrum.

    Args:
        levels: From the input down.
        n_src: Number of masks.
        activation: Class of the activation, made without arguments.
        mask_bound: How masks are bounded, see ``separate_cli.layers.complex.bound_complex_mask``.
        fix_length_mode: ``"pad"`` adds frames of zeros at the end up to what the strides need; ``"trim"`` leaves
            frames at the end out, whose masks are then zero; None pads where it is needed.
        bottleneck: What comes after the last encoder; nothing unless given. It counts as an encoder and as a decoder
            in the names of the weights.

    Raises:
        ValueError: If ``mask_bound`` or ``fix_length_mode`` is unknown.

    >>> net = ComplexUNet([Level(4, (3, 3), (2, 2), (1, 1)), Level(8, (3, 3), (2, 2), (1, 1))], n_src=2)
    >>> net(torch.randn(1, 9, 30, dtype=torch.complex64)).shape
    torch.Size([1, 2, 9, 30])
    >>> net.frame_grid, net.reach()
    (4, (6, 6))
    """

    def __init__(
        self,
        levels: Sequence[Level],
        n_src: int = 1,
        *,
        activation: type[nn.Module] = nn.LeakyReLU,
        mask_bound: str | None = "tanh",
        fix_length_mode: FixLength = None,
        bottleneck: ComplexModule | None = None,
    ) -> None:
        super().__init__()
        if fix_length_mode not in {None, "pad", "trim"}:
            raise ValueError(f"fix_length_mode must be None, 'pad' or 'trim', got {fix_length_mode!r}.")
        self.fix_length_mode = fix_length_mode
        self.levels = tuple(levels)
        inputs = [1] + [level.channels for level in levels[:-1]]
        self.encoders = nn.ModuleList(
            _encoder(level, size, activation) for level, size in zip(levels, inputs, strict=True)
        )
        self.decoders = nn.ModuleList()
        if bottleneck is not None:
            self.encoders.append(bottleneck)
            self.decoders.append(_Same())
        size = 0 if bottleneck is None else levels[-1].channels
        for level, wanted in zip(levels[:0:-1], inputs[:0:-1], strict=True):
            out = level.decoder_channels or wanted
            self.decoders.append(_decoder(level, size + level.channels, out, activation))
            size = out
        top = levels[0]
        self.output_layer = nn.Sequential(
            ComplexConvTranspose2d(
                size + top.channels,
                n_src,
                top.kernel,
                top.stride,
                top.padding,
                top.output_padding,
            ),
            BoundComplexMask(mask_bound),
        )

    @property
    def frame_grid(self) -> int:
        """Frames that the strides take together: chunks that start at multiples of it are treated alike."""
        return reduce(lambda product, level: product * level.stride[1], self.levels, 1)

    @property
    def freq_grid(self) -> int:
        """By how much the frequencies are reduced."""
        return reduce(lambda product, level: product * level.stride[0], self.levels, 1)

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """Masks ``(batch, source, freq, frame)`` of the spectrum ``(batch, freq, frame)``."""
        frames, grid = real.shape[-1], self.frame_grid
        added = -((frames - 1) % grid) if self.fix_length_mode == "trim" else (1 - frames) % grid
        x = (functional.pad(real.unsqueeze(1), (0, added)), functional.pad(imaginary.unsqueeze(1), (0, added)))
        skips: list[Parts] = []
        for encoder in self.encoders:
            x = encoder(*x)
            skips.append(x)
        skips.pop()
        for decoder in self.decoders:
            x = _beside(decoder(*x), skips.pop())
        convolution, bound = self.output_layer
        real, imaginary = bound(*convolution(*x))
        return functional.pad(real, (0, -added)), functional.pad(imaginary, (0, -added))

    def reach(self) -> tuple[int, int]:
        """How many frames before and after a frame its mask depends on, where no bottleneck hears more."""
        heard = [self._heard(frame) for frame in range(self.frame_grid)]
        return max(frame - first for frame, (first, _) in enumerate(heard)), max(
            last - frame for frame, (_, last) in enumerate(heard)
        )

    def _heard(self, frame: int) -> tuple[int, int]:
        """First and last frame that the mask of ``frame`` depends on."""
        first = last = frame
        skips = []
        for level in self.levels:  # down through the decoders
            kernel, stride, padding = level.kernel[1], level.stride[1], level.padding[1]
            first, last = -((kernel - 1 - padding - first) // stride), (last + padding) // stride
            skips.append((first, last))
        for level, (skip_first, skip_last) in zip(self.levels[::-1], skips[::-1], strict=True):  # up
            kernel, stride, padding = level.kernel[1], level.stride[1], level.padding[1]
            first = min(first, skip_first) * stride - padding
            last = max(last, skip_last) * stride - padding + kernel - 1
        return first, last


class _Same(ComplexModule):
    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        return real, imaginary


def _beside(x: Parts, skip: Parts) -> Parts:
    """Channels of ``x``, then of ``skip``."""
    return torch.cat([x[0], skip[0]], 1), torch.cat([x[1], skip[1]], 1)


def _encoder(level: Level, in_channels: int, activation: type[nn.Module]) -> _Block:
    convolution = ComplexConv2d(in_channels, level.channels, level.kernel, level.stride, level.padding, bias=False)
    return _Block("conv", convolution, level.channels, activation)


def _decoder(level: Level, in_channels: int, out_channels: int, activation: type[nn.Module]) -> _Block:
    convolution = ComplexConvTranspose2d(
        in_channels, out_channels, level.kernel, level.stride, level.padding, level.output_padding, bias=False
    )
    return _Block("deconv", convolution, out_channels, activation)
