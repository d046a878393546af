"""U-shaped convolutional blocks: down to coarser levels, up again, added on the way.

    (batch, out, frame) --1x1, norm, PReLU--> (batch, in, frame)
        --depthwise, norm--> level 0 --depthwise by 2, norm--> level 1 (half the frames) --> ... level depth - 1
        --from the last level: repeat each frame, add to the level above--> (batch, in, frame)
        --norm, PReLU, 1x1 (UBlock: norm), plus the input (UBlock: norm, PReLU)--> (batch, out, frame)

For inference on a CPU the same is computed in blocks of frames (see ``separate_cli.layers.blocks``).

Source: Tzinis et al., "SuDoRM-RF", MLSP 2020, fig. 1 and 2; the improved form: the same, "Compute and memory efficient
universal sound source separation", J. Signal Processing Systems 2022.
Checked: tests/layers/test_u_conv.py (blocks = whole), tests/models/test_goldens.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.layers.blocks import (
    Moments,
    Scratch,
    depthwise,
    padded,
    pointwise,
    prelu_,
    time_blocks,
)
from separate_cli.layers.cpu_training import PReLU
from separate_cli.layers.norms import GlobLN, GlobLNAsGroup

__all__ = ["BlockMemory", "UBlock", "UConvBlock"]

_TAPS = 5


class _Pyramid(nn.Module):
    """What both blocks share: down to coarser levels and up again.

    Args:
        out_chan: Channels of input and output.
        in_chan: Channels inside.
        upsampling_depth: Number of levels.
        norm: Class of the normalisations.
        n_slopes: Weights of the first PReLU.
    """

    def __init__(
        self, out_chan: int, in_chan: int, upsampling_depth: int, norm: Callable[[int], nn.Module], n_slopes: int
    ) -> None:
        super().__init__()
        if upsampling_depth < 1:
            raise ValueError(f"upsampling_depth must be at least 1, got {upsampling_depth}.")
        self.proj_1x1 = _Steps(conv=nn.Conv1d(out_chan, in_chan, 1), norm=norm(in_chan), act=PReLU(n_slopes))
        self.spp_dw: Any = nn.ModuleList(
            _Steps(
                conv=nn.Conv1d(in_chan, in_chan, _TAPS, stride=2 if level else 1, padding=_TAPS // 2, groups=in_chan),
                norm=norm(in_chan),
            )
            for level in range(upsampling_depth)
        )
        self.final_norm = _Steps(norm=norm(in_chan), act=PReLU(in_chan))

    def merged(self, x: Tensor) -> Tensor:
        """``(batch, out_chan, frame)`` to ``(batch, in_chan, frame)``."""
        levels = [self.spp_dw[0](self.proj_1x1(x))]
        for step in self.spp_dw[1:]:
            levels.append(step(levels[-1]))
        merged = levels.pop()
        while levels:
            finer = levels.pop()
            twice = torch.stack([merged, merged], -1).flatten(-2)  # compilers know no factors of sizes but whole ones
            merged = finer + twice[..., : finer.shape[-1]]
        total: Tensor = self.final_norm(merged)
        return total

    def finisher(self, x: Tensor, work: BlockMemory) -> Callable[[slice], Tensor]:
        """``merged`` for one example, ``(out_chan, frame)``: what gives a block of it."""
        normalize = self.final_norm.norm.normalizer(self._merge(self._descend(x, work), work))
        slopes = self.final_norm.act.weight

        def finish(block: slice) -> Tensor:
            merged = work.levels[0][:, block]
            return functional.prelu(normalize(merged, merged).unsqueeze(0), slopes).squeeze(0)

        return finish

    def _descend(self, x: Tensor, work: BlockMemory) -> list[Moments]:
        """Into ``work.levels``: the depthwise convolutions, not yet normalised."""
        convolution, moments = self.proj_1x1.conv, Moments()
        for block in work.blocks(0):
            hidden = pointwise(x[:, block], convolution.weight, convolution.bias)
            moments.add(hidden)
            work.hidden[:, block] = hidden
        told: list[Moments] = []
        source, fill = work.hidden, _then_prelu(self.proj_1x1.norm.normalizer(moments), self.proj_1x1)
        for level, step in enumerate(self.spp_dw):
            stride, moments = step.conv.stride[0], Moments()
            for block in work.blocks(level):
                start, stop = block.start * stride - _TAPS // 2, (block.stop - 1) * stride + _TAPS // 2 + 1
                seen = padded(source, slice(start, stop), fill, work.wide)
                hidden = depthwise(seen, step.conv)
                moments.add(hidden)
                work.levels[level][:, block] = hidden
            told.append(moments)
            source, fill = work.levels[level], step.norm.normalizer(moments)
        return told

    def _merge(self, told: list[Moments], work: BlockMemory) -> Moments:
        """Into ``work.levels[0]``: all levels, normalised and added, from the coarsest up."""
        moments = Moments()
        for level in reversed(range(len(work.levels))):
            normalize, target = self.spp_dw[level].norm.normalizer(told[level]), work.levels[level]
            for block in work.blocks(level):
                merged = normalize(target[:, block], target[:, block])
                if level + 1 < len(work.levels):
                    coarser = work.levels[level + 1][:, block.start // 2 : (block.stop + 1) // 2]
                    merged[:, 0::2] += coarser
                    merged[:, 1::2] += coarser[:, : merged.shape[-1] // 2]
                if level == 0:
                    moments.add(merged)
        return moments


class UBlock(_Pyramid):
    """The block of SuDoRM-RF.

    Args:
        out_chan: Channels of input and output.
        in_chan: Channels inside.
        upsampling_depth: Number of levels.

    >>> UBlock(4, 6, upsampling_depth=3)(torch.zeros(1, 4, 11)).shape
    torch.Size([1, 4, 11])
    """

    def __init__(self, out_chan: int = 128, in_chan: int = 512, upsampling_depth: int = 4) -> None:
        super().__init__(out_chan, in_chan, upsampling_depth, GlobLNAsGroup, in_chan)
        self.conv_1x1_exp = _Steps(conv=nn.Conv1d(in_chan, out_chan, 1), norm=GlobLNAsGroup(out_chan))
        self.module_act = _Steps(norm=GlobLNAsGroup(out_chan), act=PReLU(out_chan))

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, out_chan, frame)`` to the same shape."""
        added: Tensor = self.module_act(self.conv_1x1_exp(self.merged(x)) + x)
        return added

    def run_in_place(self, x: Tensor, work: BlockMemory) -> None:
        """``forward`` for one example, ``(out_chan, frame)``, in its place."""
        merged, moments = self.finisher(x, work), Moments()
        convolution, expanded = self.conv_1x1_exp.conv, work.expanded(*x.shape)
        for block in work.blocks(0):
            expanded[:, block] = pointwise(merged(block), convolution.weight, convolution.bias)
            moments.add(expanded[:, block])
        normalize, moments = self.conv_1x1_exp.norm.normalizer(moments), Moments()
        for block in work.blocks(0):
            x[:, block] += normalize(expanded[:, block], expanded[:, block])
            moments.add(x[:, block])
        finish = _then_prelu(self.module_act.norm.normalizer(moments), self.module_act)
        for block in work.blocks(0):
            finish(x[:, block], x[:, block])


class UConvBlock(_Pyramid):
    """The block of the improved SuDoRM-RF. Arguments as ``UBlock``.

    >>> UConvBlock(4, 6, upsampling_depth=3)(torch.zeros(1, 4, 11)).shape
    torch.Size([1, 4, 11])
    """

    def __init__(self, out_chan: int = 128, in_chan: int = 512, upsampling_depth: int = 4) -> None:
        super().__init__(out_chan, in_chan, upsampling_depth, GlobLN, 1)
        self.res_conv = nn.Conv1d(in_chan, out_chan, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, out_chan, frame)`` to the same shape."""
        added: Tensor = self.res_conv(self.merged(x)) + x
        return added

    def run_in_place(self, x: Tensor, work: BlockMemory) -> None:
        """``forward`` for one example, ``(out_chan, frame)``, in its place."""
        merged = self.finisher(x, work)
        for block in work.blocks(0):
            x[:, block] += pointwise(merged(block), self.res_conv.weight, self.res_conv.bias)


class _Steps(nn.Module):
    """Named steps, one after the other."""

    def __init__(self, **steps: nn.Module) -> None:
        super().__init__()
        for name, step in steps.items():
            self.add_module(name, step)

    def forward(self, x: Tensor) -> Tensor:
        for step in self.children():
            x = step(x)
        return x

    def __getattr__(self, name: str) -> Any:
        return super().__getattr__(name)


def _then_prelu(normalize: Callable[[Tensor, Tensor], Tensor], steps: _Steps) -> Callable[[Tensor, Tensor], Tensor]:
    """``normalize(block, out)`` and then the PReLU of ``steps``."""
    weight = steps.act.weight
    return lambda block, out: prelu_(normalize(block, out), weight)


class BlockMemory:
    """What the blocks of one example write into: a hidden signal, one for each level, and scratch.

    Args:
        in_chan: Channels inside the blocks.
        x: The example, ``(out_chan, frame)``.
        depth: Number of levels.
    """

    def __init__(self, in_chan: int, x: Tensor, *, depth: int) -> None:
        n_frames = x.shape[-1]
        self.in_chan = in_chan
        self.hidden = x.new_empty(in_chan, n_frames)
        lengths = [-(-n_frames // 2**level) for level in range(depth)]
        self.levels = [x.new_empty(in_chan, length) for length in lengths]
        longest = next(time_blocks(n_frames, in_chan)).stop
        self.wide = Scratch(in_chan * (2 * longest + _TAPS), x)
        self.expanded = Scratch(x.numel(), x)

    def blocks(self, level: int) -> list[slice]:
        """Blocks of the frames of a level."""
        return list(time_blocks(self.levels[level].shape[-1], self.in_chan))
