"""From rows to what people and programs read: ``results.csv``, ``metrics.json``, ``summary.md``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from separate_cli.data.journal import Journal
from separate_cli.errors import InputError
from separate_cli.files import write_text
from separate_cli.metrics import Statistic, rows_as_csv, summary_table

__all__ = ["Rows", "Statistics", "collect", "headline", "markdown", "plain", "reasons", "table"]

Rows = Sequence[Mapping[str, Any]]
Statistics = Mapping[str, Statistic]


def collect(rows: Rows, errors: Mapping[str, str], folder: Path, *, look_at: str) -> None:
    """Write ``results.csv``.

    Raises:
        InputError: If there is nothing but errors.
    """
    if len(errors) == len(rows):
        raise InputError(
            f"Every trial failed, the first one: {next(iter(errors.values()), 'there is none')}",
            hint=f"Check the model and {look_at}.",
        )
    write_text(folder / "results.csv", rows_as_csv(rows))


def headline(statistics: Statistics) -> dict[str, float]:
    """The mean improvements: what a list of runs shows."""
    return {
        name: round(one.mean, 4)
        for name, one in statistics.items()
        if name.endswith("_imp") and math.isfinite(one.mean)
    }


def plain(statistics: Statistics) -> dict[str, Any]:
    """Statistics for JSON."""
    return {name: statistic.as_dict() for name, statistic in statistics.items()}


def reasons(journal: Journal) -> dict[str, int]:
    """Why scores are missing → in how many rows."""
    return dict(Counter(row["reasons"] for row in journal.done.values() if "reasons" in row))


def markdown(sections: Iterable[tuple[str, Sequence[str], Sequence[Sequence[str]]]]) -> str:
    """Headings with tables."""
    return "\n\n".join(part for title, columns, rows in sections for part in (title, table(columns, rows))) + "\n"


def conditions_as_markdown(conditions: Mapping[str, Statistics]) -> str:
    """A table of metrics under each condition's name."""
    return markdown((f"## {name}", *summary_table(statistics)) for name, statistics in conditions.items())


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
