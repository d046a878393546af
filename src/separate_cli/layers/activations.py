"""Activations by name.

``get("relu")`` gives what makes the module, so that ``get("relu")()`` and ``get("softmax")(dim=1)`` are layers.

Checked: tests/layers/test_activations.py (NumPy formulas).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, nn

from separate_cli.layers.cpu_training import PReLU
from separate_cli.registry import Registry

__all__ = ["ACTIVATIONS", "Activation", "BoundedGain", "Swish", "for_masks", "get", "register_activation"]

Activation = Callable[..., nn.Module]

ACTIVATIONS: Registry[Activation] = Registry("activation")


@ACTIVATIONS.add(name="swish")
class Swish(nn.Module):
    """``x * sigmoid(x)``.

    Source: Ramachandran et al., "Searching for activation functions", 2017, eq. 1.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply element by element."""
        return x * x.sigmoid()


@ACTIVATIONS.add(name="bounded_gain")
class BoundedGain(nn.Module):
    """A gain between ``1 / limit`` and ``limit``: ``exp(L tanh(x / L))`` with ``L = ln(limit)``; 1 where ``x`` is 0.

    Masks that have to amplify start as the identity, treat boosts and cuts alike in dB, and cannot explode.

    Args:
        limit: Largest gain, as a factor.
    """

    def __init__(self, limit: float = 32.0) -> None:
        super().__init__()
        self.log_limit = math.log(limit)

    def forward(self, x: Tensor) -> Tensor:
        """Apply element by element."""
        return (self.log_limit * (x / self.log_limit).tanh()).exp()


for _name, _activation in {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "prelu": PReLU,
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "softmax": nn.Softmax,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}.items():
    ACTIVATIONS.register(_name, _activation)


def register_activation(activation: Activation) -> Activation:
    """Make an activation of your own known to ``get`` under its ``__name__``.

    Raises:
        ValueError: If the name is taken.
    """
    return ACTIVATIONS.add()(activation)


def get(identifier: str | Activation | None) -> Activation:
    """What makes the activation called ``identifier`` (case-insensitive); a callable is returned as it is.

    ``None`` is no activation: the identity.

    Raises:
        ValueError: If there is none; the message names the closest three.

    >>> get("ReLU")()
    ReLU()
    >>> get("softmax")(dim=1)
    Softmax(dim=1)
    """
    if identifier is None:
        return nn.Identity
    return ACTIVATIONS.get(identifier) if isinstance(identifier, str) else identifier


def for_masks(identifier: str | Activation | None, *, softmax_dim: int) -> nn.Module:
    """The activation that makes masks; a softmax needs to be told along which axis masks sum to one."""
    activation = get(identifier)
    return activation(dim=softmax_dim) if activation is nn.Softmax else activation()
