"""Block-wise processing: slices, moments, in-place activations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.layers.blocks import Moments, is_plain_inference, pointwise, prelu_, time_blocks


@pytest.mark.parametrize("n_frames", [1, 255, 1024, 1025, 9999])
def test_slices_cover_every_frame_once(n_frames: int) -> None:
    frames = torch.arange(n_frames)
    assert torch.cat([frames[block] for block in time_blocks(n_frames, 512)]).tolist() == list(range(n_frames))


def test_moments_are_those_of_all_blocks_together_to_single_precision() -> None:
    x = np.random.default_rng(0).normal(3, 2, (7, 30_000)).astype(np.float32)
    moments = Moments()
    for block in np.split(x, [10, 25_000], axis=1):
        moments.add(torch.from_numpy(block))
    assert moments.mean == pytest.approx(x.mean(dtype=np.float64), rel=1e-6)
    assert moments.variance == pytest.approx(x.var(dtype=np.float64), rel=1e-6)


def test_writing_in_place_is_for_eager_inference_only() -> None:
    x = torch.zeros(1)
    assert not is_plain_inference(x)
    with torch.no_grad():
        assert is_plain_inference(x)
        assert not is_plain_inference(x.half())
        with torch.autocast("cpu"):
            assert not is_plain_inference(x)
    with torch.inference_mode():
        assert is_plain_inference(x)


@pytest.mark.parametrize("size", [1, 4])
def test_prelu_in_place_is_prelu(size: int) -> None:
    x, weight = torch.randn(4, 9), torch.rand(size)
    expected = torch.where(x > 0, x, x * weight.unsqueeze(-1))
    assert prelu_(x, weight) is x
    torch.testing.assert_close(x, expected)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 9), (2, 3, 9), (3, 1)])
def test_pointwise_is_a_convolution_over_one_frame(
    threads: int, dtype: torch.dtype, bias: bool, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        convolution = torch.nn.Conv1d(3, 5, 1, bias=bias, dtype=dtype)
        frames = torch.randn(*shape[:-1], 2 * shape[-1], dtype=dtype)[..., ::2]  # not contiguous
        with torch.no_grad():
            found = [pointwise(frames, convolution.weight, convolution.bias)]
            monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
            found.append(pointwise(frames, convolution.weight.squeeze(-1), convolution.bias))
            for done in found:
                torch.testing.assert_close(done, convolution(frames), rtol=1e-5, atol=1e-6)
    finally:
        torch.set_num_threads(before)
