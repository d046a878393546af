"""The temporal convolutional network: blocks = whole, causality, reach."""

from __future__ import annotations

import pytest
import torch

from separate_cli.layers.tcn import TDConvNet


def small(**arguments: object) -> TDConvNet:
    torch.manual_seed(0)
    sizes = {"n_blocks": 3, "n_repeats": 2, "bn_chan": 6, "hid_chan": 8, "skip_chan": 5, **arguments}
    network = TDConvNet(7, 2, **sizes)
    for norm in network.modules():
        if hasattr(norm, "gamma"):
            torch.nn.init.uniform_(norm.gamma, 0.5, 2)
            torch.nn.init.uniform_(norm.beta)
    return network.eval()


@pytest.mark.usefixtures("tiny_blocks")
@pytest.mark.parametrize("n_frames", [1, 16, 17, 70])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"norm_type": "cLN", "causal": True},
        {"norm_type": "bN", "skip_chan": None},
        {"norm_type": "fgLN"},
        {"mask_act": "softmax", "conv_kernel_size": 5, "n_repeats": 1},
        {"n_repeats": 0},
    ],
    ids=str,
)
def test_inference_by_blocks_is_the_plain_network(arguments: dict[str, object], n_frames: int) -> None:
    network = small(**arguments) if arguments != {"n_repeats": 0} else small(n_repeats=0, skip_chan=None)
    frames = torch.randn(2, 7, n_frames)
    kept = frames.clone()
    with torch.no_grad():
        found = network(frames)
    torch.testing.assert_close(found, network(frames).detach())
    torch.testing.assert_close(frames, kept)


@pytest.mark.parametrize("norm_type", ["cLN", "cgLN", "bN"])
def test_a_causal_mask_does_not_hear_later_frames(norm_type: str) -> None:
    network = small(causal=True, norm_type=norm_type)
    frames = torch.randn(1, 7, 30)
    changed = frames.clone()
    changed[..., 20:] = torch.randn(1, 7, 10)
    masks, others = network(frames), network(changed)
    torch.testing.assert_close(masks[..., :20], others[..., :20])
    assert (masks[..., 20] != others[..., 20]).any()


@pytest.mark.parametrize("causal", [False, True])
def test_reach_is_what_gradients_say(causal: bool) -> None:
    network = small(causal=causal, norm_type="cLN")
    frames = torch.randn(1, 7, 101, requires_grad=True)
    network(frames)[..., 50].sum().backward()
    assert frames.grad is not None
    heard = frames.grad.abs().sum((0, 1)).nonzero().squeeze(-1)
    assert heard[0] == 50 - network.reach_frames // (1 if causal else 2)
    assert heard[-1] == 50 + (0 if causal else network.reach_frames // 2)


def test_batch_norm_still_learns_its_statistics_without_gradients() -> None:
    network = small(norm_type="bN").train()
    with torch.no_grad():
        network(torch.randn(2, 7, 30) + 5)
    assert network.bottleneck[0].running_mean.abs().max() > 0.1


def test_an_even_kernel_cannot_be_centred() -> None:
    with pytest.raises(ValueError, match="odd"):
        small(conv_kernel_size=4)
    assert small(conv_kernel_size=4, causal=True)(torch.zeros(1, 7, 9)).shape == (1, 2, 7, 9)
