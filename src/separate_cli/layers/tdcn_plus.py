"""The improved temporal convolutional network, TDCN++: denser connections, learned scales, and how loud each source is.

    frames (batch, in, frame) --norm, 1x1--> x (batch, bn, frame)
        --n_repeats: x + 1x1(x of the repeat before); n_blocks: x + scale * residual(x)-->
        --sum of skips, PReLU, 1x1, activation--> masks (batch, source, out, frame)
        --mean over the frames, dense, softmax-->  weights (batch, source) for a mixture-consistent output

Source: Kavalerov et al., "Universal sound separation", WASPAA 2019, section 3.2.
Checked: tests/layers/test_tdcn_plus.py (TDConvNet as a special case, the long connections by hand).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from separate_cli.layers import activations, norms
from separate_cli.layers.cpu_training import PReLU
from separate_cli.layers.tcn import Conv1DBlock

__all__ = ["TDConvNetpp"]

_DECAY = 0.9
"""A block's residual begins with this scale to the power of the block's number."""


class TDConvNetpp(nn.Module):
    """Masks from a temporal convolutional network, and weights that share out what the estimates lack to the mixture.

    Args:
        in_chan: Features of a frame.
        n_src: Number of masks.
        out_chan: Features of a mask; ``in_chan`` unless given.
        n_blocks: Blocks of growing dilation in a repeat.
        n_repeats: How often the dilations start again at 1.
        bn_chan: Channels between the blocks.
        hid_chan: Channels in a block.
        skip_chan: Channels of the skip connections; 0 or None for none. (Asteroid's class fails without.)
        conv_kernel_size: Taps of the depthwise convolutions.
        norm_type: Name of the normalisation.
        mask_act: Name of the mask's activation; a softmax sums to one over the sources.

    >>> masks, weights = TDConvNetpp(in_chan=16, n_src=2, n_blocks=2, n_repeats=2)(torch.randn(1, 16, 50))
    >>> masks.shape, weights.shape
    (torch.Size([1, 2, 16, 50]), torch.Size([1, 2]))
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
        norm_type: str = "fgLN",
        mask_act: str = "relu",
    ) -> None:
        super().__init__()
        self.n_src, self.n_blocks = n_src, n_blocks
        self.out_chan = out_chan or in_chan
        self.bottleneck = nn.Sequential(norms.get(norm_type)(in_chan), nn.Conv1d(in_chan, bn_chan, 1))
        self.TCN = nn.ModuleList(
            Conv1DBlock(
                bn_chan,
                hid_chan,
                skip_chan,
                kernel_size=conv_kernel_size,
                dilation=2**power,
                norm_type=norm_type,
            )
            for _ in range(n_repeats)
            for power in range(n_blocks)
        )
        self.dense_skip = nn.ModuleList(nn.Conv1d(bn_chan, bn_chan, 1) for _ in range(n_repeats - 1))
        self.scaling_param = nn.Parameter((_DECAY ** torch.arange(1.0, n_blocks)).repeat(n_repeats, 1))
        summed = skip_chan or bn_chan
        self.mask_net = nn.Sequential(PReLU(), nn.Conv1d(summed, n_src * self.out_chan, 1))
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)
        self.consistency = nn.Linear(summed, n_src)

    def forward(self, mixture_w: Tensor) -> tuple[Tensor, Tensor]:
        """Masks ``(batch, n_src, out_chan, frame)`` and weights ``(batch, n_src)`` from ``(batch, in_chan, frame)``."""
        x = repeat_input = self.bottleneck(mixture_w)
        total: Tensor | None = None
        blocks: Any = self.TCN
        for number, block in enumerate(blocks):
            repeat, place = divmod(number, self.n_blocks)
            if repeat and place == 0:
                x = repeat_input = x + self.dense_skip[repeat - 1](repeat_input)
            residual, skip = block(x)
            x = x + (residual * self.scaling_param[repeat, place - 1] if place else residual)
            total = skip if total is None or skip is None else total + skip
        summed = x if total is None else total
        masks: Tensor = self.output_act(torch.unflatten(self.mask_net(summed), 1, (self.n_src, self.out_chan)))
        return masks, self.consistency(summed.mean(-1)).softmax(-1)
