"""Separation models, one paper a file. ``models.get(name)`` finds a class by name."""

from separate_cli.models.base import Separator
from separate_cli.models.catalogue import available, get, register_model

__all__ = ["Separator", "available", "get", "register_model"]
