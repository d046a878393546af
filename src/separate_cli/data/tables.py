"""CSV files with a header: read with all that is missing named at once, written whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from separate_cli.errors import InputError
from separate_cli.files import write_text

__all__ = ["read_table", "write_table"]


def read_table(path: Path, columns: Collection[str], *, hint: str = "Is it the right file?") -> list[dict[str, str]]:
    """The rows of a CSV file in UTF-8.

    Args:
        path: The file.
        columns: Those that have to be there, in any order; a row without a value for one of them is a fault.
        hint: What to do if it is not such a file.

    Raises:
        InputError: If it cannot be read, or lacks a column or a value.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
            there = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"Cannot read the table {path}: {error}.", hint="Expected a CSV file in UTF-8.") from error
    if missing := sorted(set(columns) - set(there)):
        raise InputError(f"The table {path} has no column {' and no column '.join(missing)}.", hint=hint)
    for number, row in enumerate(rows, start=2):
        if None in row or any(row[column] is None for column in columns):
            raise InputError(f"{path}:{number}: expected {len(there)} values.", hint=hint)
    return rows


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file with a header and Unix line ends."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([columns, *rows])
    write_text(path, stream.getvalue())
