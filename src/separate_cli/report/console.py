"""The one place that writes to the terminal.

    results  --> stdout   (paths, tables; in --json mode one JSON document)
    the rest --> stderr   (notes, warnings, progress, errors)
    events   --> a file, or stdout in place of the results (``--events``; one JSON document a line)

Nothing is coloured or redrawn when stderr is not a terminal. ``rich`` is imported when something is drawn.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from separate_cli.errors import SepError, SpecError, UsageError
from separate_cli.files import output_error
from separate_cli.progress import SILENT, ProgressTask

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

__all__ = ["Console", "Mode", "out"]

Mode = Literal["human", "json", "quiet"]


class Console:
    """Shows results, notes, warnings, errors and progress in one of three modes."""

    def __init__(self) -> None:
        self.configure()

    def configure(
        self, *, command: str = "sep", mode: Mode = "human", verbose: bool = False, debug: bool = False
    ) -> None:
        """Start a new command: forget the last one's results and set how to show this one's."""
        self.command, self.mode, self.verbose, self.debug = command, mode, verbose, debug
        self.warnings: list[str] = []
        self._result: Any = None
        self._events: TextIO | None = None
        self._stderr: RichConsole | None = None

    @property
    def stderr(self) -> RichConsole:
        """Rich console on stderr; plain when stderr is not a terminal."""
        if self._stderr is None:
            from rich.console import Console as RichConsole

            self._stderr = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        return self._stderr

    def note(self, text: str) -> None:
        """Tell a person what is going on."""
        if self.mode == "human":
            self.stderr.print(text, markup=False)

    def tell(self, event: str, text: str = "", **facts: Any) -> None:
        """Pass on news: a note for a person, a line for the program that reads events."""
        if text:
            self.note(text)
        if self._events is not None:
            line = {"event": event, "moment": round(time.time(), 3), **({"text": text} if text else {}), **facts}
            self._events.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            self._events.flush()

    def send_events(self, where: str | None) -> None:
        """Write every event to a file, or to stdout in place of the results (``-``), until the command ends.

        Raises:
            UsageError: If stdout is taken by the JSON document.
            OutputError: If the file cannot be written.
        """
        if where == "-" and self.mode == "json":
            raise UsageError(
                "--json and --events - both want stdout.", hint="The last event is what --json prints: leave it out."
            )
        if where is not None:
            try:
                self._events = sys.stdout if where == "-" else Path(where).open("a", encoding="utf-8")  # noqa: SIM115
            except OSError as error:
                raise output_error(Path(where), error) from error

    def detail(self, text: str) -> None:
        """Tell a person who asked for more (``--verbose``)."""
        if self.verbose:
            self.stderr.print(text, markup=False, style="dim")

    def warn(self, text: str) -> None:
        """Say that something is not as it should be, though the work goes on. Kept for the JSON document."""
        self.warnings.append(text)
        if self.mode != "json":
            self.stderr.print(f"warning: {text}", markup=False, style="yellow")

    def line(self, text: str) -> None:
        """Print a result for people and pipes, for example a path, on stdout."""
        if not self._is_stdout_taken:
            sys.stdout.write(text + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
        """Print a table on stdout: drawn on a terminal, tab-separated with a header otherwise."""
        if self._is_stdout_taken:
            return
        if not sys.stdout.isatty():
            for row in [columns, *rows]:
                sys.stdout.write("\t".join(row) + "\n")
            return
        from rich.console import Console as RichConsole
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title or None, title_justify="left")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        RichConsole(highlight=False).print(table)

    def result(self, document: Mapping[str, Any]) -> None:
        """Set what ``--json`` prints under ``"result"``: JSON-able, one document a command."""
        self._result = document

    def error(self, error: SepError) -> None:
        """Show an error as two lines: what is wrong, and what to do."""
        if self.mode == "json":
            return
        self.stderr.print(f"error: {error.message}", markup=False, style="bold red")
        for fault in error.faults if isinstance(error, SpecError) else ():
            self.stderr.print(f"  {fault}", markup=False)
        if error.hint:
            self.stderr.print(f"hint: {error.hint}", markup=False)

    def finish(self, *, exit_code: int, error: SepError | None = None) -> None:
        """End the command: in JSON mode, print the one document; where events are asked for, send it as the last."""
        if self.mode != "json" and self._events is None:
            return
        document = {
            "command": self.command,
            "exit_code": exit_code,
            "status": _STATUS.get(exit_code, "error"),
            "result": self._result,
            "warnings": self.warnings,
            "error": None if error is None else _describe(error),
        }
        self.tell("end", **document)
        if self._events is not None and self._events is not sys.stdout:
            self._events.close()
        self._events = None
        if self.mode == "json":
            sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n")
            sys.stdout.flush()

    @property
    def _is_stdout_taken(self) -> bool:
        return self.mode == "json" or self._events is sys.stdout

    @contextmanager
    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Iterator[ProgressTask]:
        """Show a progress bar on a terminal; nothing elsewhere."""
        if self.mode != "human" or not self.stderr.is_terminal:
            with SILENT.task(description, total=total, unit=unit) as silent:
                yield silent
            return
        from separate_cli.report.bars import bar

        with bar(self.stderr, description, total=total, unit=unit) as drawn:
            yield drawn


_STATUS = {0: "done", 1: "partial", 130: "interrupted"}


def _describe(error: SepError) -> dict[str, Any]:
    faults = error.faults if isinstance(error, SpecError) else ()
    return {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "faults": [{"where": f.where, "field": f.field, "problem": f.problem} for f in faults],
    }


out = Console()
"""The process's console; ``cli`` configures it for each command."""
