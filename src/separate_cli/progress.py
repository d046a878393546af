"""How long work reports its progress and what happens in it, without knowing who shows it.

The rooms below the command line take a ``Progress`` argument; ``report.console`` draws it, ``SILENT`` ignores it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

__all__ = ["SILENT", "Progress", "ProgressTask"]


class ProgressTask(Protocol):
    """One running bar."""

    def advance(self, amount: float = 1.0) -> None:
        """Move the bar by ``amount`` units."""

    def describe(self, text: str) -> None:
        """Replace the text beside the bar, for example with the current loss."""


class Progress(Protocol):
    """Whatever can show a bar and pass on news."""

    def tell(self, event: str, text: str = "", **facts: Any) -> None:
        """Pass on that something has happened: ``text`` for people, ``event`` and JSON-able ``facts`` for programs."""

    def task(
        self, description: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[ProgressTask]:
        """Show a bar for as long as the context lasts. ``total`` is in ``unit``; None when it is not known."""


class _SilentTask:
    def advance(self, amount: float = 1.0) -> None:
        pass

    def describe(self, text: str) -> None:
        pass


class _Silent:
    def tell(self, event: str, text: str = "", **facts: Any) -> None:
        pass

    @contextmanager
    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Iterator[ProgressTask]:
        yield _SilentTask()


SILENT: Progress = _Silent()
"""Shows nothing."""
