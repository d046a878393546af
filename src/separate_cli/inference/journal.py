"""What was made from what, kept beside the outputs, so that done means done by content.

    outputs of a folder --record--> FOLDER/.sep-infer.jsonl, one line a recording --Journal--> who made this file?

A line is written before the outputs get their names. So whoever is killed in between leaves a line without files, which
is simply redone, and never a file that nobody knows. Lines are only appended, each in one write, so that several
processes may work in the same folder; a torn line is ignored.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from separate_cli.files import output_error

__all__ = ["JOURNAL_NAME", "Journal", "Record"]

JOURNAL_NAME = ".sep-infer.jsonl"


@dataclass(frozen=True)
class Record:
    """One separated recording.

    Args:
        source: Path of the recording as seen from the folder of the outputs, with forward slashes.
        source_hash: SHA-256 of the recording.
        model_hash: SHA-256 of the model.
        settings_hash: Of all that decides the samples beside the two.
        outputs: File name → SHA-256.
        gain: What all outputs were multiplied by so that nothing clips.
    """

    source: str
    source_hash: str
    model_hash: str
    settings_hash: str
    outputs: dict[str, str]
    gain: float

    def same_work(self, other: Record) -> bool:
        """Whether both come from the same recording, model and settings."""
        return (self.source_hash, self.model_hash, self.settings_hash) == (
            other.source_hash,
            other.model_hash,
            other.settings_hash,
        )


class Journal:
    """The records of one folder.

    >>> import tempfile
    >>> record = Record("a.wav", "1f", "2e", "3d", {"a_enhanced.wav": "4c"}, gain=1.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Journal(Path(folder)).append(record)
    ...     Journal(Path(folder)).makers("a_enhanced.wav", "4c") == [record]
    True
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL_NAME
        self.records: list[Record] = _read(self.path)

    def mentions(self, name: str) -> bool:
        """Whether an output of that name was ever made here."""
        return any(name in record.outputs for record in self.records)

    def makers(self, name: str, content_hash: str) -> list[Record]:
        """The records of a file with that name and content, the latest last."""
        return [record for record in self.records if record.outputs.get(name) == content_hash]

    def append(self, record: Record) -> None:
        """Add a line.

        Raises:
            OutputError: If the disk does not take it.
        """
        line = json.dumps(asdict(record), ensure_ascii=False, sort_keys=True).encode() + b"\n"
        try:
            with self.path.open("ab+") as stream:
                if stream.tell() and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n":
                    line = b"\n" + line  # after a line that a full disk or a kill has torn
                stream.write(line)
        except OSError as error:
            raise output_error(self.path, error) from error
        self.records.append(record)


def _read(path: Path) -> list[Record]:
    try:
        lines: Sequence[bytes] = path.read_bytes().splitlines()
    except OSError:
        return []
    return [record for line in lines if (record := _parse(line)) is not None]


def _parse(line: bytes) -> Record | None:
    try:
        values: Any = json.loads(line)
        return Record(**{field.name: values[field.name] for field in fields(Record)})
    except (ValueError, TypeError, KeyError):
        return None
