"""Who trains, who validates, who tests: a pure function of the rule and the names, the same on every machine.

    {path: speaker} --rule--> {path: "train" | "valid" | "test"}

Checked: tests/data/test_split.py (disjoint speakers, order of files does not matter, table against a hand-made one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from separate_cli.data.tables import read_table
from separate_cli.specs.prepare import (
    Part,
    SplitAuto,
    SplitByFolder,
    SplitByFraction,
    SplitBySpeaker,
    SplitByTable,
    SplitRule,
)

__all__ = ["split"]


def split(
    speakers: Mapping[str, str], rule: SplitRule, *, root: Path, table: Path | None = None, least: int = 1
) -> dict[str, Part]:
    """Give each recording its part.

    Args:
        speakers: Path in the corpus → speaker.
        rule: How to decide.
        root: Folder of the corpus; a table names files from its own folder.
        table: The table of ``SplitByTable``.
        least: How many speakers a share has at least, if so many are left to train on.

    Returns:
        Path → part, in the order of ``speakers``; a path that the rule leaves out is missing.

    Raises:
        InputError: If the table cannot be used.

    >>> split({"a/1.wav": "a", "b/1.wav": "b"}, SplitBySpeaker(test=("b",)), root=Path("."))
    {'a/1.wav': 'train', 'b/1.wav': 'test'}
    """
    if isinstance(rule, SplitByTable):
        if table is None:
            raise ValueError("Expected the table that the rule names.")
        named = _read_table(table, rule)
        where = {path: named.get((root / path).resolve()) for path in speakers}
        return {path: part for path, part in where.items() if part is not None}
    if isinstance(rule, SplitAuto):
        named_parts = {path: _part_of_folder(path, SplitByFolder()) for path in speakers}
        if len(set(named_parts.values())) == 3:
            return named_parts
        rule = SplitByFraction(seed=rule.seed)
    if isinstance(rule, SplitByFolder):
        return {path: _part_of_folder(path, rule) for path in speakers}
    if isinstance(rule, SplitBySpeaker):
        valid, test = set(rule.valid), set(rule.test)
    else:
        valid, test = _draw_speakers(set(speakers.values()), rule, least)
    return {path: "test" if who in test else "valid" if who in valid else "train" for path, who in speakers.items()}


def _draw_speakers(speakers: set[str], rule: SplitByFraction, least: int) -> tuple[set[str], set[str]]:
    """The first speakers by the hash of their names; at least ``least`` where there are enough for all parts."""
    order = sorted(speakers, key=lambda name: hashlib.sha256(f"{rule.seed}:{name}".encode()).digest())
    n_valid, n_test = (
        max(round(share * len(order)), least * int(share > 0 and len(order) > 2 * least))
        for share in (rule.valid, rule.test)
    )
    return set(order[:n_valid]), set(order[n_valid : n_valid + n_test])


def _part_of_folder(path: str, rule: SplitByFolder) -> Part:
    folders = PurePosixPath(path).parts[:-1]
    for part, patterns in (("valid", rule.valid), ("test", rule.test)):
        if any(fnmatch(folder, pattern) for folder in folders for pattern in patterns):
            return "valid" if part == "valid" else "test"
    return "train"


def _read_table(table: Path, rule: SplitByTable) -> dict[Path, Part]:
    rows = read_table(
        table,
        {rule.path_column, rule.part_column},
        hint="Set path_column and part_column to the names in its first line.",
    )
    return {
        (table.parent / row[rule.path_column]).resolve(): rule.parts[row[rule.part_column]]
        for row in rows
        if row[rule.part_column] in rule.parts
    }
