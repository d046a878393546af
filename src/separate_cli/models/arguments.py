"""What a model was made with: recorded at construction, so that no model repeats its own arguments.

ConvTasNet(2, causal=True) --recorded--> {"n_src": 2, ..., "causal": True} --ConvTasNet(**it)--> the same model
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["plain", "recorded", "recording"]

_ATTRIBUTE = "_model_args"


def recording(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap a constructor so that the object remembers its arguments, defaults included. The outermost class wins.

    The wrapped constructor refuses arguments that the signature does not have, as any function does.
    """
    signature = inspect.signature(init)
    extra = [p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if _ATTRIBUTE not in self.__dict__:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            given = dict(list(bound.arguments.items())[1:])
            for name in extra:
                given |= given.pop(name)
            self.__dict__[_ATTRIBUTE] = given
        init(self, *args, **kwargs)

    return wrapped


def recorded(model: object) -> dict[str, Any]:
    """The arguments that ``model`` was made with, as JSON can hold them.

    Raises:
        TypeError: If an argument has no JSON form.
    """
    return {name: plain(value, name) for name, value in model.__dict__[_ATTRIBUTE].items()}


def plain(value: Any, name: str) -> Any:
    """``value`` as JSON can hold it: tuples become lists, NumPy numbers become Python's.

    Raises:
        TypeError: If it has no JSON form; ``name`` says which argument it was.

    >>> plain((1024, 512), "hidden_dims")
    [1024, 512]
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, name) for key, item in value.items()}
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, tensors
        return plain(value.tolist(), name)
    raise TypeError(f"The argument {name!r} cannot be stored: {value!r} has no JSON form.")
