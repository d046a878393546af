"""TDCN++: what it adds to the plain network, piece by piece."""

from __future__ import annotations

import pytest
import torch

from separate_cli.layers.tcn import TDConvNet
from separate_cli.layers.tdcn_plus import TDConvNetpp

SIZES = {"in_chan": 6, "n_src": 2, "n_blocks": 3, "n_repeats": 2, "bn_chan": 4, "hid_chan": 5}


def made(skip_chan: int | None = 3) -> TDConvNetpp:
    torch.manual_seed(0)
    return TDConvNetpp(**SIZES, skip_chan=skip_chan)


@pytest.mark.parametrize("skip_chan", [3, 0, None])
def test_without_its_additions_it_is_the_plain_network(skip_chan: int | None) -> None:
    network, plain = made(skip_chan), TDConvNet(**SIZES, skip_chan=skip_chan, norm_type="fgLN", mask_act="relu")
    torch.nn.init.ones_(network.scaling_param)
    for dense in network.dense_skip:
        torch.nn.init.zeros_(dense.weight)
        torch.nn.init.zeros_(dense.bias)
    left_out = ("scaling_param", "dense_skip", "consistency")
    plain.load_state_dict({k: v for k, v in network.state_dict().items() if not k.startswith(left_out)})
    frames = torch.randn(2, 6, 30)
    torch.testing.assert_close(network(frames)[0], plain(frames))


def test_scales_begin_as_powers_of_nine_tenths() -> None:
    torch.testing.assert_close(made().scaling_param.detach(), torch.tensor([[0.9, 0.81]] * 2))


def test_a_repeat_hears_the_input_of_the_one_before() -> None:
    network = made()
    for block in network.TCN:  # residuals of nothing: only the long connection is left
        torch.nn.init.zeros_(block.res_conv.weight)
        torch.nn.init.zeros_(block.res_conv.bias)
    heard: list[torch.Tensor] = []
    network.TCN[3].register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    frames = torch.randn(1, 6, 30)
    network(frames)
    x = network.bottleneck(frames)
    torch.testing.assert_close(heard[0], x + network.dense_skip[0](x))


def test_weights_share_out_one() -> None:
    weights = made()(torch.randn(3, 6, 30))[1]
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(3))
