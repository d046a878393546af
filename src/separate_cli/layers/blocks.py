"""Long signals in blocks of frames that fit the cache, for inference on a CPU.

At a minute of sound, a pass layer by layer spends most of its time on fresh pages for temporaries of a hundred
megabytes. Passing block after block through several layers, in place, gives the same numbers without them:

    frames (channel, frame) --time_blocks--> block (channel, ~1000) --layers in place--> block, Moments told of it

A normalisation over the whole signal is a barrier between two passes: the first tells ``Moments``, the second uses it.

Checked: tests/layers/test_blocks.py (blocks = whole), benchmarks/models.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "Moments",
    "Scratch",
    "by_blocks",
    "depthwise",
    "is_plain_inference",
    "padded",
    "pointwise",
    "prelu_",
    "project",
    "time_blocks",
]

_BLOCK_NUMBERS = 1 << 19
"""Numbers in a block: 2 MiB in single precision, which leaves room in the second-level cache of today's CPUs."""
_LONGEST_SUM = 1024
"""Frames that are added up in the signal's own precision; beyond, in double precision."""
_SHORTEST_BLOCK = 272
"""Frames; below it the calls cost more than the arithmetic."""


def is_plain_inference(x: Tensor) -> bool:
    """Whether results may be written in place: eager, on a CPU, nothing recorded, traced or cast."""
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]  # untyped in torch
    return (
        not torch.is_grad_enabled()
        and x.device.type == "cpu"
        and x.dtype in {torch.float32, torch.float64}
        and not tracing
        and not torch.compiler.is_compiling()
        and not torch.is_autocast_enabled("cpu")
    )


def time_blocks(n_frames: int, n_channels: int) -> Iterator[slice]:
    """Slices of the frames, each small enough that ``n_channels`` of it stay in the cache; their starts are even.

    >>> list(time_blocks(5000, n_channels=256))
    [slice(0, 2032, None), slice(2032, 4064, None), slice(4064, 5000, None)]
    """
    size = max(_BLOCK_NUMBERS // n_channels, _SHORTEST_BLOCK)
    size -= size % 16 or 16  # rows a power of two apart would share cache lines
    for start in range(0, n_frames, size):
        yield slice(start, min(start + size, n_frames))


def by_blocks(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``function(x)`` for a function that treats every frame of ``x``, ``(..., frame)``, by itself."""
    blocks = list(time_blocks(x.shape[-1], max(x[..., 0].numel(), 1)))
    if len(blocks) < 2:
        return function(x)
    first = function(x[..., blocks[0]])
    out = first.new_empty(*first.shape[:-1], x.shape[-1])
    out[..., blocks[0]] = first
    for block in blocks[1:]:
        out[..., block] = function(x[..., block])
    return out


class Scratch:
    """Memory that is used again and again: each call gives a contiguous, uninitialised ``(channel, frame)`` of it."""

    def __init__(self, numbers: int, like: Tensor) -> None:
        self._memory = like.new_empty(numbers)

    def __call__(self, n_channels: int, n_frames: int) -> Tensor:
        """A view of the start of the memory, which has to be large enough."""
        return self._memory[: n_channels * n_frames].view(n_channels, n_frames)


def padded(x: Tensor, seen: slice, fill: Callable[[Tensor, Tensor], Tensor], scratch: Scratch) -> Tensor:
    """The frames ``seen`` of ``x``, passed through ``fill(block, out)``: zeros before the first and after the last.

    >>> ones = torch.ones(1, 3)
    >>> padded(ones, slice(-1, 2), lambda block, out: torch.mul(block, 5, out=out), Scratch(9, ones))
    tensor([[0., 5., 5.]])
    """
    start, stop = max(seen.start, 0), min(seen.stop, x.shape[-1])
    wide = scratch(x.shape[0], seen.stop - seen.start)
    wide[:, : start - seen.start] = 0
    wide[:, stop - seen.start :] = 0
    fill(x[:, start:stop], wide[:, start - seen.start : stop - seen.start])
    return wide


def project(frames: Tensor, norm: Any, convolution: nn.Conv1d) -> Tensor:
    """``convolution(norm(frames))``, a convolution over one frame, for one example ``(channel, frame)``."""
    weight, bias = convolution.weight, convolution.bias
    moments = Moments()
    moments.add(frames)
    normalize = norm.normalizer(moments)
    return by_blocks(lambda block: pointwise(normalize(block, torch.empty_like(block)), weight, bias), frames)


class Moments:
    """Running mean and variance of all numbers that it was told of, block by block.

    >>> moments = Moments()
    >>> moments.add(torch.tensor([[1.0, 2.0]])); moments.add(torch.tensor([[3.0]]))
    >>> moments.mean, round(moments.variance, 6)
    (2.0, 0.666667)
    """

    def __init__(self) -> None:
        self._count = 0
        self._pivot = 0.0  # near the mean: energies about it lose no digits when subtracted
        self._sum = 0.0
        self._energy = 0.0
        self._scratch = torch.empty(0)

    def add(self, block: Tensor) -> None:
        """Take in ``block``, ``(channel, frame)``."""
        for start in range(0, block.shape[-1], _LONGEST_SUM):
            part = block[..., start : start + _LONGEST_SUM]
            if self._count == 0:
                self._pivot = float(part.mean())
            if self._scratch.shape != part.shape or self._scratch.dtype != part.dtype:
                self._scratch = torch.empty_like(part)
            centred = torch.sub(part, self._pivot, out=self._scratch)
            self._count += part.numel()
            self._sum += float(centred.sum())
            self._energy += float(centred.square_().sum())

    @property
    def mean(self) -> float:
        """Mean so far."""
        return self._pivot + self._sum / self._count

    @property
    def variance(self) -> float:
        """Variance so far, of the whole population (divided by the count)."""
        return max(self._energy / self._count - (self._sum / self._count) ** 2, 0.0)


def prelu_(x: Tensor, weight: Tensor) -> Tensor:
    """Parametric ReLU in place, for ``(channel, frame)`` and one weight or a weight per channel."""
    if weight.numel() == 1:
        return functional.leaky_relu_(x, float(weight))
    return x.copy_(functional.prelu(x.unsqueeze(0), weight).squeeze(0))


def pointwise(frames: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A convolution over one frame: ``(..., in, frame)`` to ``(..., out, frame)``, with a weight ``(out, in[, 1])``.

    By oneDNN, also where PyTorch would take MKL (one example on one thread), which is half as fast on AMD's processors.
    """
    kernel = weight.reshape(*weight.shape[:2], 1)
    has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # untyped in torch
    if frames.dtype != torch.float32 or not has_onednn:
        return functional.conv1d(frames, kernel, bias)
    examples = frames if frames.dim() == 3 else frames.unsqueeze(0)
    done: Tensor = torch.mkldnn_convolution(examples, kernel, bias, (0,), (1,), (1,), 1)
    return done.view(*frames.shape[:-2], *done.shape[1:])


def depthwise(seen: Tensor, convolution: nn.Conv1d) -> Tensor:
    """``convolution`` of ``seen``, ``(channel, frame)``, which holds what its padding would add."""
    stride, dilation, groups = convolution.stride, convolution.dilation, convolution.groups
    convolved = functional.conv1d(
        seen.unsqueeze(0), convolution.weight, convolution.bias, stride=stride, dilation=dilation, groups=groups
    )
    return convolved.squeeze(0)
