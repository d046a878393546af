"""Layers that train faster on a CPU: the same numbers as PyTorch's, from backward passes that read memory once.

    PReLU             PyTorch's backward pass takes four times as long, in 16 bits nearly five
    DepthwiseConv1d   with a dilation, PyTorch's takes twice as long, in 16 bits three times
    pointwise_pair    two 1x1 convolutions of one input as one matrix product

Everywhere else (inference, graphics cards, tracing, compilation) they are PyTorch's own.

Checked: tests/layers/test_cpu_training.py (values and gradients of PyTorch, numerical gradients), benchmarks/train.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

__all__ = ["DepthwiseConv1d", "PReLU", "is_plain_training", "pointwise_pair"]


def is_plain_training(x: Tensor) -> bool:
    """Whether gradients are recorded on a CPU, eagerly."""
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]  # untyped in torch
    return torch.is_grad_enabled() and x.device.type == "cpu" and not tracing and not torch.compiler.is_compiling()


class PReLU(nn.PReLU):
    """``max(x, 0) + weight * min(x, 0)``, with one weight, or one a channel."""

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channel, ...)`` to the same."""
        if not is_plain_training(x):
            return super().forward(x)
        done: Tensor = _PReLU.apply(x, self.weight)
        return done


class DepthwiseConv1d(nn.Conv1d):
    """A convolution of each channel by itself that keeps the length, ``(batch, channel, time)`` to the same.

    Args:
        channels: In and out.
        kernel_size: Taps; odd if ``padding`` is to centre them.
        padding: Zeros on both sides.
        dilation: Steps between two taps.
    """

    def __init__(self, channels: int, kernel_size: int, *, padding: int = 0, dilation: int = 1) -> None:
        super().__init__(channels, channels, kernel_size, padding=padding, dilation=dilation, groups=channels)
        self.is_centred = 2 * padding == (kernel_size - 1) * dilation

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        if self.dilation[0] == 1 or not self.is_centred or self.bias is None or not is_plain_training(x):
            return super().forward(x)
        if torch.is_autocast_enabled("cpu"):
            x = x.to(torch.get_autocast_dtype("cpu"))
        done: Tensor = _Depthwise.apply(x, self.weight, self.bias, self.dilation[0])
        return done


def pointwise_pair(x: Tensor, first: nn.Conv1d, second: nn.Conv1d) -> tuple[Tensor, Tensor]:
    """What two 1x1 convolutions give for the same ``x``, ``(batch, channel, time)``.

    With gradients on any device: both sets of weights then get one, be it zero, as training on several devices needs.
    """
    if not torch.is_grad_enabled() or first.bias is None or second.bias is None:
        return first(x), second(x)
    weight, bias = torch.cat([first.weight, second.weight]), torch.cat([first.bias, second.bias])
    both = functional.conv1d(x, weight, bias)
    return both[:, : first.out_channels], both[:, first.out_channels :]


# Sums of 16-bit numbers add up along time first, where PyTorch keeps 32 bits inside, and are 32 bits from there on:
# asked for a 32-bit result at once, it would copy all of the signal.


class _PReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        with torch.autocast("cpu", enabled=False):
            return torch.prelu(x, weight.to(x.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        to_weight = x.clamp(max=0).mul_(grad)
        if weight.numel() == 1:
            to_x = torch.ops.aten.leaky_relu_backward(grad, x, float(weight), False)
            return to_x, to_weight.sum(-1).sum(dtype=weight.dtype).view(1)
        slopes = weight.to(x.dtype).view(-1, *[1] * (x.ndim - 2))
        rows = to_weight.flatten(2).sum(-1) if x.ndim > 2 else to_weight  # (batch, channel)
        return torch.where(x > 0, grad, grad * slopes), rows.sum(0, dtype=weight.dtype)


class _Depthwise(torch.autograd.Function):
    """Each tap is one multiplication of shifted signals, added in place."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, dilation: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.dilation = dilation
        taps = weight.to(x.dtype).squeeze(1).unbind(-1)
        out = bias.to(x.dtype).unsqueeze(-1).expand_as(x).clone()
        for tap, (here, there) in zip(taps, _shifts(len(taps), dilation, x.shape[-1]), strict=True):
            out[..., here].addcmul_(x[..., there], tap.unsqueeze(-1))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        taps = weight.to(x.dtype).squeeze(1).unbind(-1)
        to_x, to_taps = torch.zeros_like(x), []
        for tap, (here, there) in zip(taps, _shifts(len(taps), ctx.dilation, x.shape[-1]), strict=True):
            to_x[..., there].addcmul_(grad[..., here], tap.unsqueeze(-1))
            to_taps.append((grad[..., here] * x[..., there]).sum(-1).sum(0, dtype=weight.dtype))
        return to_x, torch.stack(to_taps, -1).unsqueeze(1), grad.sum(-1).sum(0, dtype=weight.dtype), None


def _shifts(n_taps: int, dilation: int, length: int) -> Iterator[tuple[slice, slice]]:
    """Where each tap writes, and what it reads there.

    >>> for here, there in _shifts(3, 2, 10):
    ...     print(here.start, here.stop, there.start, there.stop)
    2 10 0 8
    0 10 0 10
    0 8 2 10
    """
    for tap in range(n_taps):
        shift = max(-length, min(length, (tap - n_taps // 2) * dilation))
        yield slice(max(0, -shift), length - max(0, shift)), slice(max(0, shift), length - max(0, -shift))
