"""A mean over existing frames only, exact in chunks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.layers.trailing_mean import TrailingMean


@pytest.mark.parametrize("frames", [1, 3, 50])
def test_equals_a_plain_loop(frames: int) -> None:
    x = torch.randn(2, 3, 20, dtype=torch.double)
    expected = np.stack([x[..., max(0, t - frames) : t + 1].mean(-1) for t in range(20)], axis=-1)
    np.testing.assert_allclose(TrailingMean(frames)(x), expected, rtol=1e-12)


def test_a_chunk_with_enough_context_equals_the_whole() -> None:
    x = torch.randn(1, 4, 300)
    layer = TrailingMean(10)
    torch.testing.assert_close(layer(x[..., 90:])[..., 10:], layer(x)[..., 100:])


def test_gradients_are_right() -> None:
    x = torch.randn(1, 2, 7, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(TrailingMean(3), x)


def test_less_than_one_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        TrailingMean(0)
