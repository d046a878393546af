"""A stage that many machines do without knowing of each other: member i of n of a job array makes every n-th item.

    exp/RUN/STAGE/KEY.shards/2-of-8/   what member 2 of 8 has made; ``shard.json`` when that is all of its share

Whoever is the last to finish, or any later call without ``--shard``, takes all of it over into the one result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from separate_cli.errors import UsageError

__all__ = ["DONE", "Shard", "is_complete", "shard_folders"]

T = TypeVar("T")

DONE = "shard.json"
"""Is there when a member has made all of its share."""
_NAME = re.compile(r"([1-9]\d*)-of-([1-9]\d*)")


@dataclass(frozen=True)
class Shard:
    """Member ``index`` (from 1) of ``count``.

    >>> list(Shard(2, 3).share("abcdefg"))
    ['b', 'e']
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``"2/8"``.

        Raises:
            UsageError: If it is something else.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        index, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= index <= count:
            raise UsageError(f"Expected a shard such as 2/8, got {text!r}.", hint="The first of eight is 1/8.")
        return cls(index, count)

    def __str__(self) -> str:
        return f"{self.index}-of-{self.count}"

    def share(self, items: Iterable[T]) -> Iterator[T]:
        """Every ``count``-th item."""
        return (item for position, item in enumerate(items) if position % self.count == self.index - 1)


def shard_folders(folder: Path) -> list[Path]:
    """The members' folders below ``KEY.shards``."""
    found = [path for path in folder.glob("*-of-*") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: [int(number) for number in path.name.split("-of-")])


def is_complete(folder: Path, count: int) -> bool:
    """Whether all ``count`` members have made their share."""
    return all((folder / str(Shard(index, count)) / DONE).exists() for index in range(1, count + 1))
