"""JSON lists of files, as the recipes of WHAM! and wsj0-mix write them: one list a signal, one row a mixture.

    mix.json, s1.json, s2.json, ... = [[path, samples], ...] --mixtures_of_lists--> mixtures

Checked: tests/data/datasets/test_wham.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.errors import InputError

__all__ = ["mixtures_of_lists", "read_json"]


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.", hint="Check the path.") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}.", hint="Write it again.") from error


def mixtures_of_lists(folder: Path, lists: Mapping[str, str], *, sample_rate: int) -> list[Mixture]:
    """Mixtures of the signals that have lists.

    Rows belong together by the names of their files, or by their order where names differ from list to list.

    Args:
        folder: Holds ``<list>.json``.
        lists: Name of a signal → name of its list; mixtures are called as the files of the first one.
        sample_rate: Of the files, in Hz.

    Raises:
        InputError: If a list is missing, damaged, or of another length.
    """
    leading = next(iter(lists.values()))
    rows = _rows(folder / f"{leading}.json")
    names = [Path(path).stem for path, _ in rows]
    columns: dict[str, list[str]] = {}
    for signal, name in lists.items():
        there = _rows(folder / f"{name}.json")
        if len(there) != len(rows):
            raise InputError(
                f"{folder / name}.json has {len(there)} files, {leading}.json has {len(rows)}.",
                hint="Write both lists again.",
            )
        by_name = {Path(path).stem: path for path, _ in there}
        in_order = [path for path, _ in there]
        columns[signal] = [by_name[one] for one in names] if by_name.keys() == set(names) else in_order
    return [
        Mixture(name, "", sample_rate, frames, {signal: Piece(column[row]) for signal, column in columns.items()})
        for row, (name, (_, frames)) in enumerate(zip(names, rows, strict=True))
    ]


def _rows(path: Path) -> list[tuple[str, int]]:
    rows = read_json(path)
    try:
        return [(str(file), int(frames)) for file, frames in rows]
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} is not a list of [path, samples].", hint="Write it again.") from error
