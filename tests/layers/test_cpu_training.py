"""Fast layers for training give PyTorch's values and gradients."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from separate_cli.layers.cpu_training import DepthwiseConv1d, PReLU, is_plain_training, pointwise_pair


def signal(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(sum(shape)))


def twin(layer: nn.Module, kind: type[nn.Module]) -> nn.Module:
    """The same layer as PyTorch has it."""
    other = copy.deepcopy(layer)
    other.__class__ = kind
    return other


def results(layer: nn.Module, x: Tensor, grad: Tensor) -> list[Tensor]:
    leaf = x.clone().requires_grad_()
    out = layer(leaf)
    out.backward(grad.to(out.dtype))
    return [out.detach(), leaf.grad, *(weight.grad for weight in layer.parameters())]  # type: ignore[list-item]


PRELUS = [(1, (3, 4, 50)), (4, (3, 4, 50)), (4, (2, 4, 5, 6)), (1, (7,)), (5, (2, 5))]


@pytest.mark.parametrize(("slopes", "shape"), PRELUS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_prelu_is_pytorchs(slopes: int, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    layer = PReLU(slopes, init=0.3).to(dtype)
    x, grad = signal(*shape, dtype=dtype), signal(*shape, dtype=dtype).flip(0)
    x.view(-1)[0] = 0.0
    torch.testing.assert_close(results(layer, x, grad), results(twin(layer, nn.PReLU), x, grad))


DEPTHWISE = [(3, 2, 40), (3, 16, 40), (5, 3, 41), (3, 64, 40), (3, 40, 40), (7, 9, 20)]


@pytest.mark.parametrize(("taps", "dilation", "length"), DEPTHWISE)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_dilated_depthwise_convolution_is_pytorchs(taps: int, dilation: int, length: int, dtype: torch.dtype) -> None:
    layer = DepthwiseConv1d(6, taps, padding=(taps - 1) * dilation // 2, dilation=dilation).to(dtype)
    x, grad = signal(2, 6, length, dtype=dtype), signal(2, 6, length, dtype=dtype).flip(0)
    torch.testing.assert_close(results(layer, x, grad), results(twin(layer, nn.Conv1d), x, grad))


def test_gradients_are_the_numerical_ones() -> None:
    x = signal(2, 3, 9).requires_grad_()
    layers = [PReLU(3).double(), PReLU().double(), DepthwiseConv1d(3, 3, padding=2, dilation=2).double()]
    for layer in layers:
        names = dict(layer.named_parameters())

        def run(x: Tensor, *weights: Tensor, layer: nn.Module = layer, names: dict[str, Tensor] = names) -> Tensor:
            return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), x)

        assert torch.autograd.gradcheck(run, (x, *names.values()))


def test_two_pointwise_convolutions_at_once_are_the_two() -> None:
    x, pair = signal(2, 6, 30), [nn.Conv1d(6, 3, 1).double(), nn.Conv1d(6, 5, 1).double()]
    together = pointwise_pair(x, *pair)
    for found, layer in zip(together, pair, strict=True):
        torch.testing.assert_close(found, layer(x))
    sum(out.square().sum() for out in together).backward()  # type: ignore[union-attr]
    found = [layer.weight.grad.clone() for layer in pair]  # type: ignore[union-attr]
    for layer, grad in zip(pair, found, strict=True):
        layer.zero_grad()
        layer(x).square().sum().backward()
        torch.testing.assert_close(grad, layer.weight.grad)


@pytest.mark.parametrize("layer", [PReLU(), PReLU(6), DepthwiseConv1d(6, 3, padding=4, dilation=4)])
def test_in_16_bits_the_weights_learn_in_32(layer: nn.Module) -> None:
    x = signal(2, 6, 200, dtype=torch.float32)
    exact = results(layer, x, x.flip(0))
    layer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = results(layer, x.bfloat16(), x.flip(0))
    assert rounded[0].dtype == torch.bfloat16
    assert {weight.grad.dtype for weight in layer.parameters()} == {torch.float32}  # type: ignore[union-attr]
    for found, expected in zip(rounded, exact, strict=True):
        error = (found.float() - expected).square().mean() / expected.square().mean()
        assert float(error) < 1e-3


@pytest.mark.filterwarnings("ignore:.*torch.jit.* deprecated")
def test_elsewhere_they_are_pytorchs_own() -> None:
    x = signal(1, 6, 30, dtype=torch.float32)
    with torch.no_grad():
        assert not is_plain_training(x)
    assert is_plain_training(x)
    assert not is_plain_training(x.to("meta"))
    model = nn.Sequential(DepthwiseConv1d(6, 3, padding=4, dilation=4), PReLU(6))
    traced = torch.jit.trace(model, (x,))
    torch.testing.assert_close(traced(x), model(x))
    assert "_Depthwise" not in str(traced.graph)
