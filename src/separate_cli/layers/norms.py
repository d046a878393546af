"""Normalisations by name, for ``(batch, channel, ...)``: over what the mean and variance are taken.

    gLN   everything but the batch                 cgLN  channels, and frames up to the present one
    cLN   channels, each frame for itself          fgLN  frames, each channel for itself
    bN    batch and frames (batch normalisation)

``normalizer`` is the form for blocks of a long signal, see ``separate_cli.layers.blocks``; gLN, cLN and bN have it.
Each is ``gamma * (x - mean) / sqrt(variance + 1e-8) + beta`` with a gain and an offset per channel (bN: PyTorch's own).

Source: Luo & Mesgarani, "Conv-TasNet", TASLP 2019, section II.E (gLN, and cgLN under the name cLN); Kavalerov et al.,
"Universal sound separation", WASPAA 2019 (fgLN).
Checked: tests/layers/test_norms.py (NumPy formulas, causality, blocks = whole).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from separate_cli.layers.blocks import Moments, is_plain_inference
from separate_cli.registry import Registry

__all__ = [
    "NORMS",
    "BatchNorm",
    "ChanLN",
    "CumLN",
    "FeatsGlobLN",
    "GlobLN",
    "GlobLNAsGroup",
    "Norm",
    "Normalizer",
    "get",
    "register_norm",
]

EPS = 1e-8

NORMS: Registry[Callable[[int], nn.Module]] = Registry("norm")

Normalizer = Callable[[Tensor, Tensor], Tensor]
"""Writes a block, ``(channel, frame)``, normalised into the second tensor and returns that."""

NormClass = TypeVar("NormClass", bound="Callable[[int], nn.Module]")


class Norm(nn.Module):
    """What the layer normalisations share: a gain and an offset per channel.

    Args:
        channel_size: Size of axis 1.
    """

    causal: ClassVar[bool] = False
    """Whether a frame is normalised without the frames after it."""
    frame_local: ClassVar[bool] = False
    """Whether a frame is normalised without any other frame."""

    def __init__(self, channel_size: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channel_size))
        self.beta = nn.Parameter(torch.zeros(channel_size))

    def _scaled(self, normed: Tensor) -> Tensor:
        shape = (-1, *[1] * (normed.ndim - 2))
        return normed * self.gamma.view(shape) + self.beta.view(shape)


@NORMS.add("gLN")
class GlobLN(Norm):
    """Global layer normalisation: one mean and variance per example.

    >>> GlobLN(2)(torch.tensor([[[1.0, 3.0], [1.0, 3.0]]])).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``, ``(batch, channel, ...)``."""
        if is_plain_inference(x) and x.shape[0] < torch.get_num_threads():
            # A fused group norm gives each example to one core: with fewer examples than cores, plain sums are faster.
            return torch.stack([self._by_sums(example) for example in x])
        return torch.group_norm(x, 1, self.gamma, self.beta, EPS)

    def _by_sums(self, example: Tensor) -> Tensor:
        flat = example.reshape(example.shape[0], -1)  # (channel, everything else)
        moments = Moments()
        moments.add(flat)
        return self.normalizer(moments)(flat, torch.empty_like(flat)).view(example.shape)

    def normalizer(self, moments: Moments) -> Normalizer:
        """What writes a normalised block of the signal that ``moments`` was told of, ``normalize(block, out)``."""
        return _global_normalizer(moments, self.gamma, self.beta)


class GlobLNAsGroup(nn.GroupNorm):
    """``GlobLN`` whose parameters are called ``weight`` and ``bias``.

    Args:
        channel_size: Size of axis 1.
    """

    def __init__(self, channel_size: int) -> None:
        super().__init__(1, channel_size, eps=EPS)

    def normalizer(self, moments: Moments) -> Normalizer:
        """As ``GlobLN.normalizer``."""
        return _global_normalizer(moments, self.weight, self.bias)


def _global_normalizer(moments: Moments, gamma: Tensor, beta: Tensor) -> Normalizer:
    mean, deviation = moments.mean, (moments.variance + EPS) ** 0.5
    scale, shift = (gamma / deviation).unsqueeze(-1), beta.unsqueeze(-1)
    return lambda block, out: torch.sub(block, mean, out=out).mul_(scale).add_(shift)


@NORMS.add("cLN")
class ChanLN(Norm):
    """Channel-wise layer normalisation: one mean and variance per frame.

    >>> ChanLN(2)(torch.tensor([[[1.0, 30.0], [3.0, 10.0]]])).tolist()
    [[[-1.0, 1.0], [1.0, -1.0]]]
    """

    causal = True
    frame_local = True

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``, ``(batch, channel, ...)``."""
        centred = x - x.mean(1, keepdim=True)
        return self._scaled(centred * torch.rsqrt(centred.square().mean(1, keepdim=True) + EPS))

    def normalizer(self, moments: Moments) -> Normalizer:
        """What writes a normalised block, ``normalize(block, out)``; a frame needs no moments but its own."""
        gamma, beta = self.gamma.unsqueeze(-1), self.beta.unsqueeze(-1)

        def normalize(block: Tensor, out: Tensor) -> Tensor:
            centred = torch.sub(block, block.mean(0), out=out)
            return centred.mul_(torch.rsqrt(centred.square().mean(0) + EPS)).mul_(gamma).add_(beta)

        return normalize


@NORMS.add("cgLN")
class CumLN(Norm):
    """Cumulative layer normalisation: mean and variance of all channels and the frames up to the present one.

    >>> CumLN(1)(torch.tensor([[[1.0, 3.0]]])).tolist()
    [[[0.0, 1.0]]]
    """

    causal = True

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``, ``(batch, channel, ..., frame)``; time runs along the last axis."""
        count = torch.arange(1, x.shape[-1] + 1, device=x.device, dtype=x.dtype) * x.shape[1]
        mean = x.sum(1, keepdim=True).cumsum(-1) / count
        energy = x.square().sum(1, keepdim=True).cumsum(-1) / count
        variance = (energy - mean.square()).clamp_min(0.0)  # rounding can push it below zero where x is constant
        return self._scaled((x - mean) * torch.rsqrt(variance + EPS))


@NORMS.add("fgLN")
class FeatsGlobLN(Norm):
    """Feature-wise global layer normalisation: one mean and variance per example and channel.

    >>> FeatsGlobLN(2)(torch.tensor([[[1.0, 3.0], [20.0, 10.0]]])).tolist()
    [[[-1.0, 1.0], [1.0, -1.0]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``, ``(batch, channel, ...)``."""
        frames = tuple(range(2, x.ndim))
        centred = x - x.mean(frames, keepdim=True)  # a fused norm is inexact for channels that hardly vary
        return self._scaled(centred * torch.rsqrt(centred.square().mean(frames, keepdim=True) + EPS))


@NORMS.add("bN")
class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation for ``(batch, channel)``, ``(batch, channel, frame)`` and ``(batch, channel, ..., ...)``.

    Source: Ioffe & Szegedy, "Batch normalization", ICML 2015.
    """

    causal: ClassVar[bool] = True
    frame_local: ClassVar[bool] = True

    def normalizer(self, moments: Moments) -> Normalizer:
        """What writes a block normalised by the running statistics, ``normalize(block, out)``; for eval mode."""
        mean, variance = self.running_mean, self.running_var
        if mean is None or variance is None:
            raise ValueError("Batch normalisation without running statistics needs the whole batch.")
        scale = (self.weight * torch.rsqrt(variance + self.eps)).unsqueeze(-1)
        shift = self.bias.unsqueeze(-1) - scale * mean.unsqueeze(-1)
        return lambda block, out: torch.mul(block, scale, out=out).add_(shift)

    def _check_input_dim(self, input: Tensor) -> None:
        if not 2 <= input.ndim <= 4:
            raise ValueError(f"Expected 2 to 4 axes, got shape {tuple(input.shape)}.")


def register_norm(norm: NormClass) -> NormClass:
    """Make a normalisation of your own, a class that takes the number of channels, known to ``get`` by its name.

    Raises:
        ValueError: If the name is taken.
    """
    NORMS.add()(norm)
    return norm


def get(identifier: str | Callable[[int], Any]) -> Callable[[int], nn.Module]:
    """The class of the normalisation called ``identifier`` (case-insensitive); a callable is returned as it is.

    Raises:
        ValueError: If there is none; the message names the closest three.

    >>> get("gln").__name__, get("CumLN").__name__
    ('GlobLN', 'CumLN')
    """
    return NORMS.get(identifier) if isinstance(identifier, str) else identifier
