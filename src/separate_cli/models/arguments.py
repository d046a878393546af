"""What a model was made with: recorded at construction, so that no model repeats its own arguments.

ConvTasNet(2, causal=True) --recorded--> {"n_src": 2, ..., "causal": True} --ConvTasNet(**it)--> the same model
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

from separate_cli import filterbanks
from separate_cli.registry import closest

__all__ = ["plain", "recorded", "recording"]

_ATTRIBUTE = "_model_args"


def recording(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap a constructor so that the object remembers its arguments, defaults included. The outermost class wins.

    The wrapped constructor refuses arguments that neither the signature has nor what further ones are passed on to; the
    ``TypeError`` names the object's class and the closest arguments that there are.
    """
    signature = inspect.signature(init)
    parameters = [p for p in list(signature.parameters.values())[1:] if p.kind is not p.VAR_POSITIONAL]
    extra = [p.name for p in parameters if p.kind is p.VAR_KEYWORD]
    known = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if _ATTRIBUTE in self.__dict__:
            init(self, *args, **kwargs)
            return
        name = type(self).__name__
        if not extra and (unknown := [key for key in kwargs if key not in known]):
            raise TypeError(_no_such_argument(name, unknown[0], known))
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}: {error}.") from None
        bound.apply_defaults()
        given = dict(list(bound.arguments.items())[1:])
        passed_on = {key: value for catch_all in extra for key, value in given.pop(catch_all).items()}
        self.__dict__[_ATTRIBUTE] = given | passed_on
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            refused = _UNEXPECTED.search(str(error))
            if refused is None or refused[1] not in passed_on:
                raise
            message = _no_such_argument(name, refused[1], [*known, *_of_filterbank(given.get("fb_name"))])
            raise TypeError(message) from error

    return wrapped


_UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")


def _no_such_argument(model: str, argument: str, known: Iterable[str]) -> str:
    return f"{model} takes no argument {argument!r}; the closest are: {', '.join(closest(argument, known)) or 'none'}."


def _of_filterbank(name: Any) -> list[str]:
    """What the filterbank called ``name`` takes: models pass their further arguments on to it."""
    return list(inspect.signature(filterbanks.get(name)).parameters) if name is not None else []


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
