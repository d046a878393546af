"""Audio source separation and speech enhancement that just work.

The public names load when they are first used, so that ``import separate_cli`` costs nothing:

    from separate_cli import ConvTasNet, DeMask, from_pretrained
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from separate_cli.models.base import Separator as Separator

__version__ = "0.1.0"

_WHERE: dict[str, str] = {
    "Separator": "separate_cli.models.base",
}

__all__ = ["__version__", *_WHERE]  # noqa: PLE0604  the table is the list


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
