"""From rows to what people and programs read: ``results.csv``, ``metrics.json``, ``summary.md``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separate_cli.errors import InputError
from separate_cli.files import write_text
from separate_cli.metrics import Statistic, rows_as_csv, summarize, summary_table

__all__ = [
    "Row",
    "Rows",
    "Statistics",
    "Table",
    "collect",
    "conditions_as_markdown",
    "group",
    "headline",
    "markdown",
    "plain",
    "score_columns",
    "table_of",
]

Row = Mapping[str, Any]
Rows = Sequence[Row]
Statistics = Mapping[str, Statistic]

_FORMS = (("", ""), ("input_", ""), ("", "_imp"), ("oracle_", ""))
"""How the columns of a metric are called: output, input, improvement, and the most to hope for."""


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


@dataclass(frozen=True)
class Table:
    """Words in rows, for people.

    >>> print(Table(["a", "b"], [["1", "2"]]).as_markdown())
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def as_markdown(self) -> str:
        """The table in Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def as_dict(self) -> dict[str, Any]:
        """The table for JSON."""
        return {"columns": list(self.columns), "rows": [list(row) for row in self.rows]}


def score_columns(metrics: Sequence[str]) -> set[str]:
    """All columns of the metrics.

    >>> sorted(score_columns(["snr"]))
    ['input_snr', 'oracle_snr', 'snr', 'snr_imp']
    """
    return {f"{prefix}{metric}{suffix}" for metric in metrics for prefix, suffix in _FORMS}


def group(rows: Rows, metrics: Sequence[str], *, by: str | None, seed: int) -> dict[str, Statistics]:
    """Statistics over all rows, and over those that are alike in the column ``by``, in the order of its values."""
    columns = score_columns(metrics)
    groups: dict[str, list[Mapping[str, Any]]] = {"all": list(rows)}
    if by is not None:
        values = {row.get(by) for row in rows}
        for value in sorted(values, key=lambda value: (isinstance(value, str), value is None, value)):
            groups[f"{by} {value}"] = [row for row in rows if row.get(by) == value]
    return {
        name: summarize(({key: value for key, value in row.items() if key in columns} for row in alike), seed=seed)
        for name, alike in groups.items()
    }


def table_of(conditions: Mapping[str, Statistics], metrics: Sequence[str]) -> Table:
    """A row for each condition and metric: input, output and improvement, with intervals."""
    columns: list[str] = []
    rows: list[list[str]] = []
    for condition, statistics in conditions.items():
        wanted = score_columns(metrics)
        columns, found = summary_table({name: one for name, one in statistics.items() if name in wanted})
        rows += [[condition, *row] for row in found]
    return Table(["condition", *columns], rows)


def markdown(sections: Mapping[str, Table]) -> str:
    """Headings with tables."""
    return "\n\n".join(part for title, table in sections.items() for part in (title, table.as_markdown())) + "\n"


def conditions_as_markdown(conditions: Mapping[str, Statistics]) -> str:
    """A table of metrics under each condition's name."""
    return markdown({f"## {name}": Table(*summary_table(statistics)) for name, statistics in conditions.items()})
