"""Optimizers by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, optim
from torch.optim import Optimizer

from separate_cli.registry import Registry

__all__ = ["get", "make_optimizer", "register_optimizer"]

_OPTIMIZERS: Registry[type[Optimizer]] = Registry("optimizer")
for _cls in (
    optim.Adadelta,
    optim.Adagrad,
    optim.Adam,
    optim.Adamax,
    optim.AdamW,
    optim.ASGD,
    optim.NAdam,
    optim.RAdam,
    optim.RMSprop,
    optim.Rprop,
    optim.SGD,
):
    _OPTIMIZERS.register(_cls.__name__, _cls)


def get(identifier: str | type[Optimizer]) -> type[Optimizer]:
    """The optimizer class called ``identifier`` (case-insensitive); a class is given back as it is.

    Raises:
        ValueError: If there is none; the message names the closest three.
    """
    return _OPTIMIZERS.get(identifier) if isinstance(identifier, str) else identifier


def register_optimizer(cls: type[Optimizer]) -> type[Optimizer]:
    """Class decorator: make an optimizer of your own known to ``get`` under its class name.

    Raises:
        ValueError: If the name is taken.
    """
    return _OPTIMIZERS.register(cls.__name__, cls)


def make_optimizer(
    params: Iterable[Tensor] | Iterable[dict[str, Any]], optimizer: str | type[Optimizer] = "adam", **kwargs: Any
) -> Optimizer:
    """An optimizer for ``params``.

    Args:
        params: Weights, or groups of them, as torch's optimizers take them.
        optimizer: Name, or class.
        kwargs: Its further arguments: ``lr``, ``weight_decay``, ...

    Raises:
        ValueError: If the name is unknown.
        TypeError: If it does not take one of the arguments.

    >>> from torch import nn
    >>> type(make_optimizer(nn.Linear(2, 2).parameters(), optimizer="adamw", lr=1e-3)).__name__
    'AdamW'
    """
    return get(optimizer)(params, **kwargs)
