"""Live progress bars: description, bar, amount, speed and time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from separate_cli.progress import ProgressTask

__all__ = ["bar"]


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
        self._task = progress.add_task(escape(description), total=total, unit=unit)

    def advance(self, amount: float = 1.0) -> None:
        self._progress.advance(self._task, amount)

    def describe(self, text: str) -> None:
        self._progress.update(self._task, description=escape(f"{self._description} {text}"))


@contextmanager
def bar(console: Console, description: str, *, total: float | None, unit: str) -> Iterator[ProgressTask]:
    """Draw a bar on ``console`` for as long as the context lasts; it is gone afterwards."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        _Amount(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Drawn(progress, description, total, unit)
