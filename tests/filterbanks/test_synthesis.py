"""Overlap-add against torch's transposed convolution."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from separate_cli.filterbanks.synthesis import overlap_add, transposed_convolution


@pytest.mark.parametrize("kernel", [1, 2, 5, 16])
@pytest.mark.parametrize("stride", [1, 2, 3, 8, 20])
def test_the_quick_way_is_transposed_convolution(kernel: int, stride: int) -> None:
    frames, filters = torch.randn(2, 6, 9), torch.randn(6, 1, kernel)
    expected = functional.conv_transpose1d(frames, filters, stride=stride)
    torch.testing.assert_close(transposed_convolution(frames, filters, stride), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stride", [1, 3, 7])
def test_stretches_are_added_where_they_start(stride: int) -> None:
    stretches = torch.arange(2 * 5 * 4).reshape(2, 5, 4).float()
    expected = torch.zeros(2, 1, 3 * stride + 5)
    for index in range(4):
        expected[:, 0, index * stride : index * stride + 5] += stretches[:, :, index]
    assert torch.equal(overlap_add(stretches, stride), expected)


def test_learning_keeps_the_convolution_and_its_gradient() -> None:
    frames = torch.randn(1, 3, 4, dtype=torch.float64, requires_grad=True)
    filters = torch.randn(3, 1, 5, dtype=torch.float64, requires_grad=True)
    out = transposed_convolution(frames, filters, 2)
    assert out.grad_fn is not None
    assert "Convolution" in out.grad_fn.name()
    with torch.no_grad():
        torch.testing.assert_close(transposed_convolution(frames, filters, 2), out)
    assert torch.autograd.gradcheck(lambda x: overlap_add(x, 2), torch.randn(1, 5, 3).double().requires_grad_())
