"""Long signals in blocks of frames that fit the cache, for inference on a CPU.

At a minute of sound, a pass layer by layer spends most of its time on fresh pages for temporaries of a hundred
megabytes. Passing block after block through several layers, in place, gives the same numbers without them:

    frames (channel, frame) --time_blocks--> block (channel, ~1000) --layers in place--> block, Moments told of it

A normalisation over the whole signal is a barrier between two passes: the first tells ``Moments``, the second uses it.

Checked: tests/layers/test_blocks.py (blocks = whole), benchmarks/models.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Moments", "is_plain_inference", "prelu_", "time_blocks"]

_BLOCK_NUMBERS = 1 << 19
"""Numbers in a block: 2 MiB in single precision, which leaves room in the second-level cache of today's CPUs."""


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
    """Slices of the frames, each small enough that ``n_channels`` of it stay in the cache.

    >>> list(time_blocks(5000, n_channels=256))
    [slice(0, 2048, None), slice(2048, 4096, None), slice(4096, 5000, None)]
    """
    size = max(_BLOCK_NUMBERS // n_channels, 256)
    for start in range(0, n_frames, size):
        yield slice(start, min(start + size, n_frames))


class Moments:
    """Running mean and variance of all numbers that it was told of, block by block.

    >>> moments = Moments()
    >>> moments.add(torch.tensor([1.0, 2.0])); moments.add(torch.tensor([3.0]))
    >>> moments.mean, round(moments.variance, 6)
    (2.0, 0.666667)
    """

    def __init__(self) -> None:
        self._count = 0
        self._sum = 0.0
        self._energy = 0.0

    def add(self, block: Tensor) -> None:
        """Take in ``block``, a contiguous tensor of any shape."""
        flat = block.view(-1)
        self._count += flat.numel()
        self._sum += float(flat.sum())
        self._energy += float(torch.dot(flat, flat))

    @property
    def mean(self) -> float:
        """Mean so far."""
        return self._sum / self._count

    @property
    def variance(self) -> float:
        """Variance so far, of the whole population (divided by the count)."""
        return max(self._energy / self._count - self.mean**2, 0.0)


def prelu_(x: Tensor, weight: Tensor) -> Tensor:
    """Parametric ReLU in place, for ``(channel, frame)`` and one weight or a weight per channel."""
    if weight.numel() == 1:
        return functional.leaky_relu_(x, float(weight))
    return x.copy_(functional.prelu(x.unsqueeze(0), weight).squeeze(0))
