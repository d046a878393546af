"""Things that are chosen by name: models, layers, filterbanks, losses, optimizers.

One table a room. Names are case-insensitive, aliases are allowed, an unknown name is answered with the closest three.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Generic, TypeVar

__all__ = ["Registry", "closest"]

T = TypeVar("T")


def closest(name: str, names: Iterable[str] | Mapping[str, str], *, count: int = 3) -> list[str]:
    """The ``count`` names most like ``name``, the likest first, whatever the case; all where there are fewer.

    Args:
        name: What was asked for.
        names: What there is; a mapping leads from names and aliases to what to call them, and each is told once.
        count: How many to tell.

    >>> closest("sqare", {"triangle": "Triangle", "rectangle": "Square", "square": "Square", "circle": "Circle"})
    ['Square', 'Circle', 'Triangle']
    """
    called = names if isinstance(names, Mapping) else {each: each for each in names}
    folded = {alias.casefold(): shown for alias, shown in called.items()}
    ranked = difflib.get_close_matches(name.casefold(), folded, n=max(len(folded), 1), cutoff=0.0)
    return list(islice(dict.fromkeys(folded[alias] for alias in ranked), count))


class Registry(Generic[T]):
    """A table from names to things.

    Args:
        kind: What the table holds, for messages: ``"filterbank"``.

    >>> shapes = Registry[int]("shape")
    >>> _ = shapes.register("Triangle", 3, aliases=["tri"])
    >>> shapes.get("TRI")
    3
    >>> shapes.get("triangel")
    Traceback (most recent call last):
        ...
    ValueError: Unknown shape 'triangel'; the closest names are: Triangle.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}
        self._lookup: dict[str, str] = {}

    def register(self, name: str, thing: T, *, aliases: list[str] | None = None) -> T:
        """Add ``thing`` under ``name`` and its ``aliases``.

        Raises:
            ValueError: If a name is taken by something else.
        """
        for key in [name, *(aliases or [])]:
            owner = self._lookup.get(key.casefold())
            if owner is not None and self._entries[owner] is not thing:
                raise ValueError(f"The {self.kind} name {key!r} is already taken by {owner!r}.")
            self._lookup[key.casefold()] = name
        self._entries[name] = thing
        return thing

    def add(self, *aliases: str, name: str | None = None) -> Callable[[T], T]:
        """Decorator form of ``register``: the name defaults to the class's or function's own."""

        def decorate(thing: T) -> T:
            return self.register(name or str(getattr(thing, "__name__", repr(thing))), thing, aliases=list(aliases))

        return decorate

    def get(self, name: str) -> T:
        """The thing called ``name``.

        Raises:
            ValueError: If there is none; the message names the closest three.
            TypeError: If ``name`` is no text.
        """
        if not isinstance(name, str):
            raise TypeError(f"Expected the name of a {self.kind} as text, got {name!r}.")
        found = self._lookup.get(name.casefold())
        if found is None:
            raise ValueError(self.unknown(name))
        return self._entries[found]

    def unknown(self, name: str, *others: Registry[Any]) -> str:
        """The sentence that says that ``name`` is unknown and which names, here and in ``others``, are the closest."""
        lookup = {alias: shown for table in (*others, self) for alias, shown in table._lookup.items()}
        return f"Unknown {self.kind} {name!r}; the closest names are: {', '.join(closest(name, lookup)) or 'none'}."

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.casefold() in self._lookup

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
