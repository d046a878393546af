"""Complex layers made of two real ones.

    z = re + i im --layer(z)-->      native complex in, native complex out
    re, im        --layer(re, im)--> the same in real arithmetic, which every device and exporter knows

A linear map with the complex weight ``A + iB`` is ``(A re - B im) + i (A im + B re)``. Convolutions do it with three
real ones instead of four:

    first = A (re + im),   second = (B - A) re,   third = (A + B) im:   re = first - third,   im = first + second

Source: Trabelsi et al., "Deep complex networks", ICLR 2018; the three products are Gauss's. Bounds: Choi et al.,
"Phase-aware speech enhancement with deep complex U-Net", ICLR 2019, section 3.2.
Differs: the sigmoid bound is taken of the real and the imaginary part, as in Asteroid; the paper takes it of the
magnitude.
Checked: tests/layers/test_complex.py (complex arithmetic of NumPy, both forms, gradients at zero).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "BoundComplexMask",
    "ComplexConv2d",
    "ComplexConvTranspose2d",
    "ComplexModule",
    "ComplexMultiplicationWrapper",
    "OnReIm",
    "Parts",
    "bound_complex_mask",
]

Parts = tuple[Tensor, Tensor]
"""Real and imaginary part."""

_MAGNITUDE_EPS = 1e-8
"""Under the root of a mask's magnitude, as Asteroid has it: the smallest magnitude is 1e-4."""
_PHASE_EPS = 1e-12
"""Under the root that a mask is divided by for its phase; without, gradients would explode where the mask is zero."""


class ComplexModule(nn.Module):
    """Base class: a subclass implements ``parts``, callers use either form of the call."""

    def forward(self, real: Tensor, imaginary: Tensor | None = None) -> Tensor | Parts:
        """Apply to a native complex tensor, or to two real tensors of the same shape.

        Raises:
            ValueError: If there is one tensor and it is real.
        """
        if imaginary is not None:
            return self.parts(real, imaginary)
        if not real.is_complex():
            raise ValueError(f"Expected a complex tensor, or two real ones, got one of {real.dtype}.")
        return torch.complex(*self.parts(real.real, real.imag))

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """Real and imaginary part of the result."""
        raise NotImplementedError


class OnReIm(ComplexModule):
    """Two real modules: one for the real part, one for the imaginary part.

    Args:
        module_cls: What makes a module.
        args: Its arguments.
        kwargs: Its keyword arguments.

    >>> OnReIm(nn.ReLU)(torch.tensor([1 - 2j, -3 + 4j]))
    tensor([1.+0.j, 0.+4.j])
    """

    def __init__(self, module_cls: Callable[..., nn.Module], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.re_module = module_cls(*args, **kwargs)
        self.im_module = module_cls(*args, **kwargs)

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """Each part through its module."""
        return self.re_module(real), self.im_module(imaginary)


class ComplexMultiplicationWrapper(OnReIm):
    """Two real modules in place of the parts of a complex factor; axis 0 must be the batch.

    >>> layer = ComplexMultiplicationWrapper(nn.Linear, 1, 1, bias=False)
    >>> with torch.no_grad():
    ...     _ = layer.re_module.weight.fill_(1.0), layer.im_module.weight.fill_(2.0)
    >>> layer(torch.tensor([[3 + 1j]])).detach()  # (1 + 2i) (3 + i)
    tensor([[1.+7.j]])
    """

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """``re_module`` and ``im_module``, each once for both parts."""
        both = torch.cat([real, imaginary])
        re_re, re_im = self.re_module(both).chunk(2)
        im_re, im_im = self.im_module(both).chunk(2)
        return re_re - im_im, re_im + im_re


class _ComplexConvolution(ComplexMultiplicationWrapper):
    re_module: nn.Conv2d | nn.ConvTranspose2d
    im_module: nn.Conv2d | nn.ConvTranspose2d

    def __init__(self, module_cls: type[nn.Conv2d] | type[nn.ConvTranspose2d], *args: Any, **kwargs: Any) -> None:
        super().__init__(module_cls, *args, **kwargs)
        if self.re_module.padding_mode != "zeros":
            raise ValueError(f"Expected padding with zeros, got {self.re_module.padding_mode!r}.")

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """Three convolutions, ``(batch, in_channel, height, width)`` to ``(batch, out_channel, height, width)``."""
        a, b = self.re_module, self.im_module
        biases = (None, None) if a.bias is None or b.bias is None else (a.bias + b.bias, b.bias - a.bias)
        first = self._convolve(real + imaginary, a.weight, None)
        second = self._convolve(real, b.weight - a.weight, biases[0])
        third = self._convolve(imaginary, a.weight + b.weight, biases[1])
        return first - third, second.add_(first)

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        raise NotImplementedError


class ComplexConv2d(_ComplexConvolution):
    """Complex 2-D convolution. Takes the arguments of ``torch.nn.Conv2d``, padding with zeros.

    >>> ComplexConv2d(2, 3, kernel_size=3)(torch.ones(1, 2, 5, 5, dtype=torch.complex64)).shape
    torch.Size([1, 3, 3, 3])
    """

    re_module: nn.Conv2d
    im_module: nn.Conv2d

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(nn.Conv2d, *args, **kwargs)

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        own = self.re_module
        return functional.conv2d(x, weight, bias, own.stride, own.padding, own.dilation, own.groups)


class ComplexConvTranspose2d(_ComplexConvolution):
    """Complex transposed 2-D convolution. Takes the arguments of ``torch.nn.ConvTranspose2d``.

    >>> ComplexConvTranspose2d(2, 3, kernel_size=3)(torch.ones(1, 2, 5, 5, dtype=torch.complex64)).shape
    torch.Size([1, 3, 7, 7])
    """

    re_module: nn.ConvTranspose2d
    im_module: nn.ConvTranspose2d

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(nn.ConvTranspose2d, *args, **kwargs)

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        own = self.re_module
        padding = cast(tuple[int, ...], own.padding)  # a word such as "same" is for convolutions only
        return functional.conv_transpose2d(
            x, weight, bias, own.stride, padding, own.output_padding, own.groups, own.dilation
        )


class BoundComplexMask(ComplexModule):
    """Bound a complex mask, see ``bound_complex_mask``.

    Args:
        bound_type: Name of the bound.

    Raises:
        ValueError: If it is unknown.
    """

    def __init__(self, bound_type: str | None) -> None:
        super().__init__()
        if bound_type not in _BOUNDS:
            names = ", ".join(map(repr, _BOUNDS))
            raise ValueError(f"The bound of a complex mask must be one of {names}, got {bound_type!r}.")
        self.bound_type = bound_type

    def parts(self, real: Tensor, imaginary: Tensor) -> Parts:
        """The bounded mask."""
        return _BOUNDS[self.bound_type](real, imaginary)

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return repr(self.bound_type)


def bound_complex_mask(mask: Tensor, bound_type: str | None = "tanh") -> Tensor:
    """Bound a native complex mask.

    Args:
        mask: Any shape.
        bound_type: ``"tanh"`` or ``"BDT"``: magnitudes below 1 by a hyperbolic tangent, phase kept. ``"sigmoid"`` or
            ``"BDSS"``: real and imaginary part between 0 and 1. None or ``"UBD"``: not bounded.

    Raises:
        ValueError: If the bound is unknown.

    >>> bound_complex_mask(torch.tensor([3 + 4j])).abs()
    tensor([0.9999])
    """
    bounded: Tensor = BoundComplexMask(bound_type)(mask)
    return bounded


def _with_magnitude(bound: Callable[[Tensor], Tensor], real: Tensor, imaginary: Tensor) -> Parts:
    power = real.square() + imaginary.square()
    smallest = torch.finfo(power.dtype).tiny
    gain = bound((power + max(_MAGNITUDE_EPS, smallest)).sqrt()) / (power + max(_PHASE_EPS, smallest)).sqrt()
    return real * gain, imaginary * gain


def _tanh(real: Tensor, imaginary: Tensor) -> Parts:
    return _with_magnitude(torch.tanh, real, imaginary)


def _sigmoid(real: Tensor, imaginary: Tensor) -> Parts:
    return real.sigmoid(), imaginary.sigmoid()


def _unbounded(real: Tensor, imaginary: Tensor) -> Parts:
    return _with_magnitude(lambda magnitude: magnitude, real, imaginary)


_BOUNDS: dict[str | None, Callable[[Tensor, Tensor], Parts]] = {
    "tanh": _tanh,
    "BDT": _tanh,
    "sigmoid": _sigmoid,
    "BDSS": _sigmoid,
    None: _unbounded,
    "UBD": _unbounded,
}
