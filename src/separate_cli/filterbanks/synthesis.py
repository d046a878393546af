"""Overlap-add of filters, by the quickest way.

    frames (batch, feature, frame) --weigh the filters--> (batch, kernel, frame) --overlap-add--> (batch, 1, time)

On CPU, torch's transposed convolution is several times slower than a matrix product and sums of slices. For gradients
and recorded graphs it is kept: its backward pass is the quicker one for short filters, and every exporter knows it.

Checked: tests/filterbanks/test_synthesis.py (transposed convolution, exact sums); benchmarks/filterbanks.py.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from separate_cli.filterbanks.recording import is_eager

__all__ = ["overlap_add", "transposed_convolution"]


def transposed_convolution(frames: Tensor, filters: Tensor, stride: int) -> Tensor:
    """The wave that filters, weighted by frames, add up to.

    Args:
        frames: ``(batch, feature, frame)``.
        filters: ``(feature, 1, kernel)``.
        stride: Samples between two frames.

    Returns:
        ``(batch, 1, (frame - 1) * stride + kernel)``.
    """
    learning = torch.is_grad_enabled() and (frames.requires_grad or filters.requires_grad)
    if learning or not is_eager() or frames.device.type != "cpu":
        return functional.conv_transpose1d(frames, filters, stride=stride)
    # matmul would look at ``requires_grad`` to fold the batch, and take a slow way for short filters.
    return overlap_add(torch.bmm(filters.squeeze(1).mT.expand(len(frames), -1, -1), frames), stride)


def overlap_add(stretches: Tensor, stride: int) -> Tensor:
    """Sum of stretches that start ``stride`` samples apart.

    Args:
        stretches: ``(batch, kernel, frame)``.
        stride: Samples between two of them.

    Returns:
        ``(batch, 1, (frame - 1) * stride + kernel)``.

    >>> overlap_add(torch.ones(1, 3, 4), stride=2)
    tensor([[[1., 1., 2., 1., 2., 1., 2., 1., 1.]]])
    """
    batch, kernel, count = stretches.shape
    overlap = -(-kernel // stride)
    hops = stretches.new_zeros(batch, stride, count + overlap - 1)
    for j in range(overlap):
        part = stretches[:, j * stride : (j + 1) * stride]
        hops[:, : part.shape[1], j : j + count] += part
    return hops.mT.reshape(batch, 1, -1)[..., : (count - 1) * stride + kernel]
