"""Mask networks of SuDoRM-RF: U-shaped blocks between the frames and the masks.

    frames (batch, in, frame) --norm, 1x1--> (batch, bn, frame) --blocks--> same shape
        --SuDORMRF: 1x1 to in, a convolution over the features; SuDORMRFImproved: PReLU, 1x1-->
        --activation--> masks (batch, source, in, frame)

For inference on a CPU the same is computed in blocks of frames (see ``separate_cli.layers.blocks``).

Source: Tzinis et al., "SuDoRM-RF", MLSP 2020, fig. 1; the improved form: the same, "Compute and memory efficient
universal sound source separation", J. Signal Processing Systems 2022.
Checked: tests/layers/test_u_conv.py (blocks = whole), tests/models/test_goldens.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.layers import activations
from separate_cli.layers.blocks import by_blocks, is_plain_inference, pointwise, project
from separate_cli.layers.cpu_training import PReLU
from separate_cli.layers.norms import GlobLN, GlobLNAsGroup
from separate_cli.layers.u_conv import BlockMemory, UBlock, UConvBlock

__all__ = ["SuDORMRF", "SuDORMRFImproved"]


class SuDORMRF(nn.Module):
    """The mask network of SuDoRM-RF.

    Args:
        in_chan: Features of a frame, an even number.
        n_src: Number of masks.
        bn_chan: Channels between the blocks.
        num_blocks: Number of blocks.
        upsampling_depth: Levels of a block.
        mask_act: Name of the mask's activation; a softmax sums to one over the sources.

    Raises:
        ValueError: If ``in_chan`` is odd: masks and frames could not be aligned.

    >>> SuDORMRF(8, n_src=2, bn_chan=4, num_blocks=1)(torch.zeros(1, 8, 16)).shape
    torch.Size([1, 2, 8, 16])
    """

    def __init__(
        self,
        in_chan: int,
        n_src: int,
        bn_chan: int = 128,
        num_blocks: int = 16,
        upsampling_depth: int = 4,
        *,
        mask_act: str = "softmax",
    ) -> None:
        super().__init__()
        if in_chan % 2:
            raise ValueError(f"SuDORMRF needs an even number of features, got {in_chan}.")
        self.ln = GlobLNAsGroup(in_chan)
        self.l1 = nn.Conv1d(in_chan, bn_chan, 1)
        self.sm = nn.Sequential(*(UBlock(bn_chan, in_chan, upsampling_depth) for _ in range(num_blocks)))
        self.reshape_before_masks = nn.Conv1d(bn_chan, in_chan, 1) if bn_chan != in_chan else None
        self.m = nn.Conv2d(1, n_src, (in_chan + 1, 1), padding=(in_chan // 2, 0))
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Masks ``(batch, n_src, in_chan, frame)`` from the frames ``(batch, in_chan, frame)``."""
        if is_plain_inference(x) and not self.training:
            return by_blocks(self._masks_by_matrix(), _run_by_blocks(x, self.ln, self.l1, self.sm))
        x = self.sm(self.l1(self.ln(x)))
        if self.reshape_before_masks is not None:
            x = self.reshape_before_masks(x)
        masks: Tensor = self.output_act(self.m(x.unsqueeze(1)))
        return masks

    def _masks_by_matrix(self) -> Callable[[Tensor], Tensor]:
        """The last two convolutions as one matrix product: both are linear, one after the other."""
        n_src, in_chan = self.m.out_channels, self.l1.in_channels
        row, column = torch.arange(in_chan).unsqueeze(-1), torch.arange(in_chan)
        taps = functional.pad(self.m.weight[:, 0, :, 0], (in_chan // 2 - 1, in_chan // 2 - 1))  # zeros beyond its reach
        matrix = taps[:, column - row + in_chan - 1].flatten(0, 1)  # (n_src * in_chan, in_chan)
        bias = (self.m.bias if self.m.bias is not None else matrix.new_zeros(n_src)).repeat_interleave(in_chan)
        if self.reshape_before_masks is not None:
            weight, offset = self.reshape_before_masks.weight.squeeze(-1), self.reshape_before_masks.bias
            matrix, bias = matrix @ weight, bias if offset is None else matrix @ offset + bias
        return lambda x: self.output_act(torch.unflatten(pointwise(x, matrix, bias), 1, (n_src, in_chan)))


class SuDORMRFImproved(nn.Module):
    """The mask network of the improved SuDoRM-RF. Arguments as ``SuDORMRF``, also for an odd ``in_chan``.

    >>> SuDORMRFImproved(8, n_src=2, bn_chan=4, num_blocks=1)(torch.zeros(1, 8, 16)).shape
    torch.Size([1, 2, 8, 16])
    """

    def __init__(
        self,
        in_chan: int,
        n_src: int,
        bn_chan: int = 128,
        num_blocks: int = 16,
        upsampling_depth: int = 4,
        *,
        mask_act: str = "relu",
    ) -> None:
        super().__init__()
        self.n_src = n_src
        self.ln = GlobLN(in_chan)
        self.bottleneck = nn.Conv1d(in_chan, bn_chan, 1)
        self.sm = nn.Sequential(*(UConvBlock(bn_chan, in_chan, upsampling_depth) for _ in range(num_blocks)))
        self.mask_net = nn.Sequential(PReLU(), nn.Conv1d(bn_chan, n_src * in_chan, 1))
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Masks ``(batch, n_src, in_chan, frame)`` from the frames ``(batch, in_chan, frame)``."""
        if is_plain_inference(x) and not self.training:
            return by_blocks(self._masks, _run_by_blocks(x, self.ln, self.bottleneck, self.sm))
        return self._masks(self.sm(self.bottleneck(self.ln(x))))

    def _masks(self, x: Tensor) -> Tensor:
        masks: Tensor = self.output_act(torch.unflatten(self.mask_net(x), 1, (self.n_src, -1)))
        return masks


def _run_by_blocks(frames: Tensor, norm: nn.Module, convolution: nn.Conv1d, blocks: Any) -> Tensor:
    """``blocks(convolution(norm(frames)))``, one example after the other."""
    examples = []
    for example in frames:
        x = project(example, norm, convolution)
        work = BlockMemory(convolution.in_channels, x, depth=len(blocks[0].spp_dw) if len(blocks) else 1)
        for block in blocks:
            block.run_in_place(x, work)
        examples.append(x)
    return torch.stack(examples)
