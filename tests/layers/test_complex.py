"""Complex layers against complex arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from separate_cli.layers.complex import (
    BoundComplexMask,
    ComplexConv2d,
    ComplexConvTranspose2d,
    ComplexModule,
    ComplexMultiplicationWrapper,
    OnReIm,
    bound_complex_mask,
)
from separate_cli.layers.complex_recurrent import ComplexSingleRNN


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))


CONVOLUTIONS = [
    (ComplexConv2d, nn.functional.conv2d, {}),
    (ComplexConvTranspose2d, nn.functional.conv_transpose2d, {"output_padding": (1, 0)}),
]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("cls", "reference", "own"), CONVOLUTIONS)
def test_convolution_is_torchs_own_with_a_complex_weight(cls: type, reference: object, own: dict, bias: bool) -> None:
    sizes = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2} | own
    layer = cls(4, 6, kernel_size=(3, 2), bias=bias, **sizes).double()
    weight = torch.complex(layer.re_module.weight, layer.im_module.weight)
    expected = reference(noise(2, 4, 9, 8), weight, **sizes)
    if bias:  # (A + a) - (B + b) and (A + a) + (B + b)
        a, b = layer.re_module.bias, layer.im_module.bias
        expected = expected + torch.complex(a - b, a + b).reshape(1, -1, 1, 1)
    torch.testing.assert_close(layer(noise(2, 4, 9, 8)), expected)


def test_wrapped_dense_layer_is_a_complex_matrix_product() -> None:
    layer = ComplexMultiplicationWrapper(nn.Linear, 5, 3, bias=False).double()
    x = noise(4, 5)
    weight = layer.re_module.weight.detach().numpy() + 1j * layer.im_module.weight.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), x.numpy() @ weight.T)


def test_recurrent_layers_combine_four_runs_of_two_networks() -> None:
    rnn = ComplexSingleRNN("GRU", 3, 4, n_layers=2, bidirectional=True).double().eval()
    re, im = noise(2, 7, 3).real, noise(2, 7, 3).imag
    for layer in rnn.rnns:
        a, b = layer.re_module, layer.im_module
        re, im = a(re) - b(im), a(im) + b(re)
    torch.testing.assert_close(rnn(noise(2, 7, 3)), torch.complex(re, im))


def test_dropout_between_recurrent_layers_is_for_training_only() -> None:
    rnn = ComplexSingleRNN("LSTM", 3, 4, n_layers=2, dropout=0.5).double()
    x = noise(2, 7, 3)
    assert not torch.equal(rnn(x), rnn(x))
    rnn.eval()
    assert torch.equal(rnn(x), rnn(x))


@pytest.mark.parametrize(
    "layer",
    [
        OnReIm(nn.PReLU),
        ComplexConv2d(2, 3, 3),
        ComplexMultiplicationWrapper(nn.Conv2d, 2, 3, 1),
        BoundComplexMask("tanh"),
    ],
)
def test_two_real_tensors_give_the_parts_of_what_a_complex_one_gives(layer: ComplexModule) -> None:
    layer = layer.double()
    x = noise(1, 2, 5, 5)
    re, im = layer(x.real.contiguous(), x.imag.contiguous())
    torch.testing.assert_close(torch.complex(re, im), layer(x))


def test_one_real_tensor_is_refused() -> None:
    with pytest.raises(ValueError, match="complex tensor, or two real"):
        OnReIm(nn.ReLU)(torch.zeros(3))


@pytest.mark.parametrize("name", ["tanh", "BDT"])
def test_tanh_bounds_the_magnitude_and_keeps_the_phase(name: str) -> None:
    mask = 3 * noise(50).numpy()
    bounded = bound_complex_mask(torch.from_numpy(mask), name)
    np.testing.assert_allclose(bounded.numpy(), np.tanh(np.abs(mask)) * np.exp(1j * np.angle(mask)), rtol=1e-5)


@pytest.mark.parametrize("name", ["sigmoid", "BDSS"])
def test_sigmoid_bounds_either_part(name: str) -> None:
    mask = noise(50).numpy()
    expected = 1 / (1 + np.exp(-mask.real)) + 1j / (1 + np.exp(-mask.imag))
    np.testing.assert_allclose(bound_complex_mask(torch.from_numpy(mask), name).numpy(), expected)


@pytest.mark.parametrize("name", [None, "UBD"])
def test_no_bound_is_the_identity(name: str | None) -> None:
    torch.testing.assert_close(bound_complex_mask(noise(50), name), noise(50), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["tanh", None])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_zero_mask_has_a_finite_gradient(name: str | None, dtype: torch.dtype) -> None:
    parts = torch.zeros(2, 3, dtype=dtype, requires_grad=True)
    re, im = BoundComplexMask(name)(parts[0], parts[1])
    (re + im).sum().backward()
    assert not re.detach().any()
    assert parts.grad is not None
    assert (parts.grad.abs() <= 100.1).all()


def test_unknown_bound_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'tanh', 'BDT'.*got 'relu'"):
        BoundComplexMask("relu")
