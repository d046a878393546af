"""Lists of recordings as JSON Lines: sorted, the same bytes for the same content, paths relative to a root.

    recordings --write_recordings--> NAME.jsonl --read_recordings--> recordings

A recording says which corpus it belongs to and where it is inside; the folder of the corpus is given when it is read
(``data.corpus``), so that a corpus may move.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from separate_cli.errors import InputError
from separate_cli.files import write_text

__all__ = ["Recording", "read_manifest", "read_recordings", "write_manifest", "write_recordings"]


@dataclass(frozen=True, order=True)
class Recording:
    """One audio file of a corpus.

    Args:
        corpus: Name of the folder that holds it.
        path: Where in that folder, with ``/`` between parts.
        part: ``"train"``, ``"valid"`` or ``"test"``.
        speaker: Who is heard; for noise and rooms, what is heard.
        sample_rate: In Hz.
        frames: Samples of each channel.
        channels: Number of channels.
    """

    corpus: str
    path: str
    part: str
    speaker: str
    sample_rate: int
    frames: int
    channels: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def write_manifest(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write ``rows`` in their order, one JSON object a line, keys sorted; whole or not at all."""
    write_text(path, "".join(json.dumps(dict(row), sort_keys=True, ensure_ascii=False) + "\n" for row in rows))


def read_manifest(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a manifest.

    Raises:
        InputError: If it is missing, or a line is not a JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.", hint="Prepare the corpus again.") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{number}: {error.msg}.", hint="Prepare the corpus again.") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}:{number}: expected a JSON object.", hint="Prepare the corpus again.")
        rows.append(row)
    return rows


def write_recordings(path: Path, recordings: Iterable[Recording]) -> None:
    """Write recordings, sorted by corpus and path."""
    write_manifest(path, (asdict(recording) for recording in sorted(recordings)))


def read_recordings(path: Path) -> list[Recording]:
    """Read recordings.

    Raises:
        InputError: If the manifest is missing, damaged, or not one of recordings.
    """
    names = {field.name for field in fields(Recording)}
    rows = read_manifest(path)
    for number, row in enumerate(rows, start=1):
        if row.keys() != names:
            wrong = ", ".join(sorted(row.keys() ^ names))
            raise InputError(f"{path}:{number}: missing or unknown: {wrong}.", hint="Prepare the corpus again.")
    return [Recording(**row) for row in rows]
