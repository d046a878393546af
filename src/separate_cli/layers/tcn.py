"""Temporal convolutional network that makes masks: a stack of dilated convolutions, each reading twice as far.

    frames (batch, in, frame) --norm, 1x1--> (batch, bn, frame)
        --block 1 to n_blocks, n_repeats times--> residual (batch, bn, frame) for the next, skip (batch, skip, frame)
        --sum of skips, PReLU, 1x1, activation--> masks (batch, source, out, frame)

    block: 1x1 to hid, PReLU, norm, depthwise convolution with dilation 2^x, PReLU, norm, 1x1 to residual and to skip

For inference on a CPU the same is computed in blocks of frames (see ``separate_cli.layers.blocks``): between two global
norms each block stays in the cache, and nothing is allocated but two hidden signals.

Source: Luo & Mesgarani, "Conv-TasNet", TASLP 2019, fig. 1 (B, C).
Checked: tests/layers/test_tcn.py (blocks = whole, causality), tests/models/test_goldens.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.layers import activations, norms
from separate_cli.layers.blocks import (
    Moments,
    Scratch,
    by_blocks,
    depthwise,
    is_plain_inference,
    padded,
    pointwise,
    prelu_,
    project,
    time_blocks,
)
from separate_cli.layers.cpu_training import DepthwiseConv1d, PReLU, pointwise_pair

__all__ = ["Conv1DBlock", "TDConvNet"]


class Conv1DBlock(nn.Module):
    """One block of the network.

    Args:
        in_chan: Channels of the input and of the residual.
        hid_chan: Channels in between.
        skip_out_chan: Channels of the skip connection; 0 or None for none.
        kernel_size: Taps of the depthwise convolution.
        dilation: Frames between two taps.
        norm_type: Name of the normalisation.
        causal: Reach back only, not ahead.
    """

    def __init__(
        self,
        in_chan: int,
        hid_chan: int,
        skip_out_chan: int | None,
        *,
        kernel_size: int = 3,
        dilation: int = 1,
        norm_type: str = "gLN",
        causal: bool = False,
    ) -> None:
        super().__init__()
        norm = norms.get(norm_type)
        reach = (kernel_size - 1) * dilation
        self.before, self.after = (reach, 0) if causal else (reach // 2, reach // 2)
        filters = DepthwiseConv1d(hid_chan, kernel_size, padding=0 if causal else reach // 2, dilation=dilation)
        self.shared_block: Any = nn.Sequential(
            nn.Conv1d(in_chan, hid_chan, 1),
            PReLU(),
            norm(hid_chan),
            _Past(filters, self.before) if causal else filters,
            PReLU(),
            norm(hid_chan),
        )
        self.res_conv = nn.Conv1d(hid_chan, in_chan, 1)
        self.skip_conv = nn.Conv1d(hid_chan, skip_out_chan, 1) if skip_out_chan else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Residual ``(batch, in_chan, frame)`` and skip ``(batch, skip_out_chan, frame)`` or None."""
        shared = self.shared_block(x)
        if self.skip_conv is None:
            return self.res_conv(shared), None
        return pointwise_pair(shared, self.res_conv, self.skip_conv)

    def add_in_place(self, x: Tensor, skips: Tensor | None, work: _Work) -> None:
        """``forward`` for one example ``(in_chan, frame)``: the residual is added to ``x``, the skip to ``skips``."""
        moments = self._expand(x, work)
        self._project(self._convolve(moments, work), x, skips, work)

    def _expand(self, x: Tensor, work: _Work) -> Moments:
        """Into ``work.first``: 1x1 and PReLU."""
        expand, activation = self.shared_block[:2]
        moments = Moments()
        for block in work.blocks:
            hidden = prelu_(pointwise(x[:, block], expand.weight, expand.bias), activation.weight)
            moments.add(hidden)
            work.first[:, block] = hidden
        return moments

    def _convolve(self, moments: Moments, work: _Work) -> Moments:
        """From ``work.first`` into ``work.second``: norm, depthwise convolution and PReLU."""
        normalize = self.shared_block[2].normalizer(moments)
        filters: Any = self.shared_block[3]
        filters = filters[0] if isinstance(filters, _Past) else filters
        moments = Moments()
        for block in work.blocks:
            seen = work.padded(block, self.before, self.after, normalize)
            hidden = prelu_(depthwise(seen, filters), self.shared_block[4].weight)
            moments.add(hidden)
            work.second[:, block] = hidden
        return moments

    def _project(self, moments: Moments, x: Tensor, skips: Tensor | None, work: _Work) -> None:
        """From ``work.second``: norm and the 1x1 convolutions to residual and skip."""
        normalize = self.shared_block[5].normalizer(moments)
        targets = [(x, self.res_conv)]
        if skips is not None and self.skip_conv is not None:
            targets.append((skips, self.skip_conv))
        for block in work.blocks:
            hidden = normalize(work.second[:, block], work.block(block))
            for total, convolution in targets:
                total[:, block] += pointwise(hidden, convolution.weight, convolution.bias)


class TDConvNet(nn.Module):
    """The mask network of Conv-TasNet.

    Args:
        in_chan: Features of a frame.
        n_src: Number of masks.
        out_chan: Features of a mask; ``in_chan`` unless given.
        n_blocks: Blocks of growing dilation in a repeat.
        n_repeats: How often the dilations start again at 1.
        bn_chan: Channels between the blocks (B in the paper).
        hid_chan: Channels in a block (H).
        skip_chan: Channels of the skip connections (Sc); 0 or None: masks come from the last residual.
        conv_kernel_size: Taps of the depthwise convolutions (P).
        norm_type: Name of the normalisation.
        mask_act: Name of the mask's activation; a softmax sums to one over the sources.
        causal: No look-ahead, if the norm has none either.

    Raises:
        ValueError: If ``conv_kernel_size`` is even and the network not causal: it could not be centred.

    >>> TDConvNet(in_chan=16, n_src=2, n_blocks=2, n_repeats=1)(torch.randn(1, 16, 50)).shape
    torch.Size([1, 2, 16, 50])
    """

    def __init__(
        self,
        in_chan: int,
        n_src: int,
        out_chan: int | None = None,
        n_blocks: int = 8,
        n_repeats: int = 3,
        *,
        bn_chan: int = 128,
        hid_chan: int = 512,
        skip_chan: int | None = 128,
        conv_kernel_size: int = 3,
        norm_type: str = "gLN",
        mask_act: str = "relu",
        causal: bool = False,
    ) -> None:
        super().__init__()
        if conv_kernel_size % 2 == 0 and not causal:
            raise ValueError(f"conv_kernel_size must be odd unless causal, got {conv_kernel_size}.")
        self.n_src = n_src
        self.out_chan = out_chan or in_chan
        self.bottleneck: Any = nn.Sequential(norms.get(norm_type)(in_chan), nn.Conv1d(in_chan, bn_chan, 1))
        self.TCN: Any = nn.ModuleList(
            Conv1DBlock(
                bn_chan,
                hid_chan,
                skip_chan,
                kernel_size=conv_kernel_size,
                dilation=2**power,
                norm_type=norm_type,
                causal=causal,
            )
            for _ in range(n_repeats)
            for power in range(n_blocks)
        )
        self.mask_net = nn.Sequential(PReLU(), nn.Conv1d(skip_chan or bn_chan, n_src * self.out_chan, 1))
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)
        self.reach_frames = n_repeats * (conv_kernel_size - 1) * (2**n_blocks - 1)
        """Frames before a frame (causal) or on both sides together that its mask depends on through convolutions."""

    def forward(self, mixture_w: Tensor) -> Tensor:
        """Masks ``(batch, n_src, out_chan, frame)`` from the frames ``(batch, in_chan, frame)``."""
        if is_plain_inference(mixture_w) and self._knows_blocks():
            return by_blocks(self._masks, torch.stack([self._skips_by_blocks(example) for example in mixture_w]))
        return self._masks(self._skips(mixture_w))

    def _masks(self, skips: Tensor) -> Tensor:
        masks: Tensor = self.output_act(self.mask_net(skips).unflatten(1, (self.n_src, self.out_chan)))
        return masks

    def _skips(self, frames: Tensor) -> Tensor:
        x = self.bottleneck(frames)
        total: Tensor | None = None
        for block in self.TCN:
            residual, skip = block(x)
            x = x + residual
            total = skip if total is None or skip is None else total + skip
        return x if total is None else total

    def _knows_blocks(self) -> bool:
        return not self.training and hasattr(self.bottleneck[0], "normalizer")

    def _skips_by_blocks(self, frames: Tensor) -> Tensor:
        """``_skips`` for one example, ``(in_chan, frame)``."""
        x = project(frames, *self.bottleneck)
        if not len(self.TCN):
            return x
        work = _Work(self.TCN, x)
        skip_conv = self.TCN[0].skip_conv
        skips = None if skip_conv is None else x.new_zeros(skip_conv.out_channels, x.shape[-1])
        for block in self.TCN:
            block.add_in_place(x, skips, work)
        return x if skips is None else skips


class _Past(nn.Sequential):
    """A convolution that sees zeros before the first frame and nothing after the present one."""

    def __init__(self, convolution: nn.Conv1d, before: int) -> None:
        super().__init__(convolution)
        self.before = before

    def forward(self, x: Tensor) -> Tensor:
        convolved: Tensor = self[0](functional.pad(x, (self.before, 0)))
        return convolved


class _Work:
    """Memory for the blocks of one example: two hidden signals ``(hid, frame)``, and scratch for a block of them."""

    def __init__(self, network: Sequence[Conv1DBlock], x: Tensor) -> None:
        hid_chan, n_frames = network[0].res_conv.in_channels, x.shape[-1]
        self.hid_chan, self.n_frames = hid_chan, n_frames
        self.blocks = list(time_blocks(n_frames, hid_chan))
        self.first = x.new_empty(hid_chan, n_frames)
        self.second = torch.empty_like(self.first)
        longest = self.blocks[0].stop
        margin = max(block.before + block.after for block in network)
        self._block = Scratch(hid_chan * longest, x)
        self._padded = Scratch(hid_chan * (longest + margin), x)

    def block(self, block: slice) -> Tensor:
        return self._block(self.hid_chan, block.stop - block.start)

    def padded(self, block: slice, before: int, after: int, normalize: norms.Normalizer) -> Tensor:
        """The block of ``first``, normalised, with the neighbours that a filter sees."""
        return padded(self.first, slice(block.start - before, block.stop + after), normalize, self._padded)
