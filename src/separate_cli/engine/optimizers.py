"""Optimizers by name: torch's own, and those of ``pytorch_optimizer`` where it is installed."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from torch import Tensor, optim
from torch.optim import Optimizer

from separate_cli.registry import Registry

__all__ = ["get", "has_fused_form", "make_optimizer", "register_optimizer"]

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

_MORE = "pytorch_optimizer"
"""Apache-2.0, pure Python, needs only torch and NumPy: the extra ``optimizers``."""


_GONE = {
    "RangerQH": "Ranger, or QHAdam with pytorch_optimizer.Lookahead around it, of which it was made",
    "RangerVA": "Ranger or Ranger21",
}
"""Optimizers of Asteroid that no library keeps up → what to take instead."""


def get(identifier: str | type[Optimizer]) -> type[Optimizer]:
    """The optimizer class called ``identifier`` (case-insensitive); a class is given back as it is.

    Raises:
        ValueError: If there is none; the message names the closest three.
    """
    if not isinstance(identifier, str):
        return identifier
    if identifier in _OPTIMIZERS:
        return _OPTIMIZERS.get(identifier)
    for name, instead in _GONE.items():
        if name.casefold() == identifier.casefold():
            raise ValueError(
                f"There is no {name} for today's PyTorch. Take {instead}: pip install 'separate-cli[optimizers]'"
            )
    if find_spec(_MORE) is None:
        raise ValueError(
            f"{_OPTIMIZERS.unknown(identifier)} There are more with: pip install 'separate-cli[optimizers]'"
        )
    more = import_module(_MORE)
    found = {name.casefold(): name for name in more.get_supported_optimizers()}
    if identifier.casefold() not in found:
        raise ValueError(_OPTIMIZERS.unknown(identifier))
    cls: type[Optimizer] = more.load_optimizer(found[identifier.casefold()])
    return cls


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
    made = get(optimizer)(params, **kwargs)
    if getattr(made, "_step_supports_amp_scaling", False):
        # Fused forms undo the scaling of float16 gradients in their step, too late for clipping; now it is done before.
        setattr(made, "_step_supports_amp_scaling", False)  # noqa: B010  torch does not declare it
    return made


def has_fused_form(optimizer: str | type[Optimizer]) -> bool:
    """Whether an optimizer can do its step in one pass over all weights, the fastest form: ``fused=True``.

    >>> has_fused_form("adam"), has_fused_form("rprop")
    (True, False)
    """
    return "fused" in inspect.signature(get(optimizer)).parameters
