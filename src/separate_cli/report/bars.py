"""Live progress bars: description, bar, amount, speed and time left. Several may run at once, also from threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from separate_cli.progress import ProgressTask

__all__ = ["bar"]

_lock = threading.Lock()
_running: WeakKeyDictionary[Console, tuple[Progress, int]] = WeakKeyDictionary()
"""A console can show one live display: the bars that run at the same time share it."""


class _Amount(TextColumn):
    """``12/240 files, 3.1 files/s``."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        unit = str(task.fields.get("unit", ""))
        done = f"{task.completed:g}" if task.total is None else f"{task.completed:.4g}/{task.total:.4g}"
        speed = f", {task.speed:.3g} {unit}/s".replace(" /s", "/s") if task.speed else ""
        return Text(f"{done} {unit}".rstrip() + speed)


class _Drawn:
    def __init__(self, progress: Progress, description: str, total: float | None, unit: str) -> None:
        self._progress = progress
        self._description = description
        self.id = progress.add_task(escape(description), total=total, unit=unit)

    def advance(self, amount: float = 1.0) -> None:
        self._progress.advance(self.id, amount)

    def describe(self, text: str) -> None:
        self._progress.update(self.id, description=escape(f"{self._description} {text}"))


@contextmanager
def bar(console: Console, description: str, *, total: float | None, unit: str) -> Iterator[ProgressTask]:
    """Draw a bar on ``console`` for as long as the context lasts; it is gone afterwards."""
    progress = _join(console)
    try:
        drawn = _Drawn(progress, description, total, unit)
        try:
            yield drawn
        finally:
            progress.remove_task(drawn.id)
    finally:
        _leave(console)


def _join(console: Console) -> Progress:
    with _lock:
        progress, users = _running.get(console, (None, 0))
        if progress is None:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                _Amount(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            progress = Progress(*columns, console=console, transient=True)
            progress.start()
        _running[console] = (progress, users + 1)
        return progress


def _leave(console: Console) -> None:
    with _lock:
        progress, users = _running[console]
        if users > 1:
            _running[console] = (progress, users - 1)
            return
        del _running[console]
        progress.stop()
