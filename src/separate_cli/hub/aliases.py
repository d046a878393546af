"""The published models of Asteroid by name: where each is, and the sample rate that old files do not say.

The table is ``aliases.toml``, a row a model.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Alias", "alias_called", "alias_of_record", "known_aliases"]

_TABLE = Path(__file__).with_name("aliases.toml")


@dataclass(frozen=True)
class Alias:
    """One published model.

    Attributes:
        name: What the user writes; a repository on Hugging Face where ``zenodo`` is None.
        model: Its class.
        sample_rate: In Hz.
        task: What it does, for example ``sep_clean``.
        data: What it was trained on.
        zenodo: Number of its record on Zenodo.
        file: Which file of that record.
    """

    name: str
    model: str
    sample_rate: int
    task: str
    data: str
    zenodo: int | None = None
    file: str | None = None


def known_aliases() -> tuple[Alias, ...]:
    """Every row of the table, in its order."""
    return tuple(_by_name().values())


def alias_called(name: str) -> Alias | None:
    """The model called ``name``, in any case.

    >>> alias_called("mpariente/convtasnet_wham!_sepclean").zenodo
    3862942
    """
    return _by_name().get(name.casefold())


def alias_of_record(record: int) -> Alias | None:
    """The model that a record on Zenodo holds."""
    return next((row for row in known_aliases() if row.zenodo == record), None)


@cache
def _by_name() -> Mapping[str, Alias]:
    rows = [Alias(**row) for row in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["alias"]]
    return {row.name.casefold(): row for row in rows}
