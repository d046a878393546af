"""Licence notices of published corpora, in the form that Asteroid's checkpoints carry."""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["notices"]


def notices(*names: str) -> list[dict[str, Any]]:
    """Title, author, licence, each with a link, and whether use is non-commercial only.

    >>> [(notice["license"], notice["non_commercial"]) for notice in notices("librispeech", "wham_noise")]
    [('CC BY 4.0', False), ('CC BY-NC 4.0', True)]
    """
    table = tomllib.loads(files(__package__).joinpath("notices.toml").read_text(encoding="utf-8"))
    return [{"non_commercial": False, **table[name]} for name in names]
