"""U-shaped blocks and SuDoRM-RF mask networks: blocks of frames = whole, levels by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from separate_cli.layers.sudormrf import SuDORMRF, SuDORMRFImproved
from separate_cli.layers.u_conv import UBlock, UConvBlock


def randomised(module: torch.nn.Module) -> torch.nn.Module:
    for name, value in module.named_parameters():
        if value.ndim == 1:
            torch.nn.init.uniform_(value, -0.5 if name.endswith(("bias", "beta")) else 0.1, 1.0)
    return module.eval()


@pytest.mark.usefixtures("tiny_blocks")
@pytest.mark.parametrize("n_frames", [1, 15, 33, 80])
@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("cls", [SuDORMRF, SuDORMRFImproved])
def test_inference_by_blocks_is_the_plain_network(cls: type[torch.nn.Module], depth: int, n_frames: int) -> None:
    torch.manual_seed(0)
    network = randomised(cls(6, 2, 4, 2, depth))
    frames = torch.randn(2, 6, n_frames)
    kept = frames.clone()
    with torch.no_grad():
        found = network(frames)
    torch.testing.assert_close(found, network(frames).detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(frames, kept)


def test_without_a_bottleneck_there_is_no_reshaping() -> None:
    torch.manual_seed(0)
    network = randomised(SuDORMRF(6, 3, 6, 1, 2, mask_act="sigmoid"))
    assert network.reshape_before_masks is None
    frames = torch.randn(1, 6, 20)
    with torch.no_grad():
        found = network(frames)
    torch.testing.assert_close(found, network(frames).detach(), rtol=1e-4, atol=1e-5)


def test_levels_are_added_from_the_coarsest_up() -> None:
    torch.manual_seed(0)
    block = randomised(UConvBlock(3, 4, 2))
    x = torch.randn(1, 3, 7)
    fine = block.spp_dw[0](block.proj_1x1(x))
    coarse = functional.conv1d(
        functional.pad(fine, (2, 2)), block.spp_dw[1].conv.weight, block.spp_dw[1].conv.bias, stride=2, groups=4
    )
    coarse = block.spp_dw[1].norm(coarse)
    merged = fine + coarse[..., torch.arange(7) // 2]
    torch.testing.assert_close(block(x), x + block.res_conv(block.final_norm(merged)))


def test_sizes_that_cannot_be_aligned_are_refused() -> None:
    with pytest.raises(ValueError, match="even number of features, got 7"):
        SuDORMRF(7, 2)
    with pytest.raises(ValueError, match="upsampling_depth"):
        UBlock(4, 6, 0)
