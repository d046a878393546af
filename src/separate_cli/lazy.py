"""Packages whose public names load when they are first used: importing the package costs nothing.

__getattr__, __dir__ = names_of(__name__, {"ConvTasNet": "models.conv_tasnet"})
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["names_of"]


def names_of(package: str, where: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: Its ``__name__``.
        where: Public name → the module inside the package that gives it.

    >>> load, names = names_of("separate_cli", {"SepError": "errors"})
    >>> load("SepError").__name__, "SepError" in names()
    ('SepError', True)
    """

    def load(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{where[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *where})

    return load, names
