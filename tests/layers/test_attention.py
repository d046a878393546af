"""The transformer layer against attention written by hand; groups of sequences = all at once."""

from __future__ import annotations

import pytest
import torch

from separate_cli.layers.attention import DPTransformer, ImprovedTransformedLayer


def test_layer_is_attention_and_lstm_with_their_inputs_added() -> None:
    torch.manual_seed(0)
    layer = ImprovedTransformedLayer(6, 2, 5, activation="relu", bidirectional=False, norm="cLN").eval()
    x = torch.randn(3, 6, 7)
    steps = x.transpose(1, 2)
    query, key, value = (steps @ layer.mha.in_proj_weight.T + layer.mha.in_proj_bias).chunk(3, -1)
    heads = []
    for q, k, v in zip(query.chunk(2, -1), key.chunk(2, -1), value.chunk(2, -1), strict=True):
        heads.append(torch.softmax(q @ k.transpose(1, 2) / 3**0.5, -1) @ v)
    heard = layer.mha.out_proj(torch.cat(heads, -1))
    middle = layer.norm_mha((steps + heard).transpose(1, 2))
    read = layer.linear(layer.recurrent(middle.transpose(1, 2))[0].relu())
    torch.testing.assert_close(layer(x), layer.norm_ff(middle + read.transpose(1, 2)), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("tiny_blocks")
@pytest.mark.parametrize("arguments", [{}, {"n_heads": 3, "norm_type": "cgLN"}, {"bidirectional": False}], ids=str)
def test_inference_by_groups_is_the_plain_network(arguments: dict[str, object]) -> None:
    torch.manual_seed(0)
    sizes = {"n_heads": 2, "ff_hid": 3, "chunk_size": 6, "n_repeats": 1, **arguments}
    network = DPTransformer(4, 2, **sizes).eval()
    frames = torch.randn(2, 4, 31)
    with torch.no_grad():
        found = network(frames)
    torch.testing.assert_close(found, network(frames).detach(), rtol=1e-4, atol=1e-6)


def test_features_that_heads_do_not_divide_get_a_dense_layer() -> None:
    assert DPTransformer(6, 1, n_heads=4, ff_hid=2, n_repeats=1).in_norm.gamma.shape == (8,)
    assert DPTransformer(8, 1, n_heads=4, ff_hid=2, n_repeats=1).input_layer is None
