"""Things that are chosen by name: models, layers, filterbanks, losses, optimizers.

One table a room. Names are case-insensitive, aliases are allowed, an unknown name is answered with the closest three.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["Registry"]

T = TypeVar("T")


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
        """
        found = self._lookup.get(name.casefold())
        if found is None:
            raise ValueError(self.unknown(name))
        return self._entries[found]

    def unknown(self, name: str) -> str:
        """The sentence that says that ``name`` is unknown and which names are close."""
        close = difflib.get_close_matches(name.casefold(), self._lookup, n=3, cutoff=0.4)
        names = list(dict.fromkeys(self._lookup[key] for key in close)) or sorted(self._entries)[:3]
        return f"Unknown {self.kind} {name!r}; the closest names are: {', '.join(names)}."

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.casefold() in self._lookup

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
