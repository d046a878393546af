"""What is here of a corpus: notes about what was downloaded and unpacked, beside it.

    LibriSpeech/dev-clean/...
    LibriSpeech/.sep/dev-clean/dev-clean.tar.gz.files.jsonl   what came out of the archive: path, bytes, SHA-256
                              /dev-clean.tar.gz.json          where it came from, how it was verified; written last
               /.sep/downloads/                               archives on their way

A folder that is there without notes is somebody's own: it is used, but nothing is known of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from separate_cli.data.catalog import Corpus, Part, Unit
from separate_cli.data.extract import Entry
from separate_cli.data.manifest import read_manifest, write_manifest
from separate_cli.errors import InputError
from separate_cli.files import write_json

__all__ = ["Landing", "State"]

State = Literal["here", "partly", "own", "missing"]
"""``own``: there, but not downloaded by us."""


class Landing:
    """Notes about one corpus's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._notes = folder / ".sep"

    @property
    def lock(self) -> Path:
        """What a process holds while it works in the folder."""
        return self.folder / ".sep.lock"

    def archive(self, name: str) -> Path:
        """Where an archive is while it is needed."""
        return self._notes / "downloads" / quote(name, safe="")

    def staging(self, unit: Unit) -> Path:
        """Where an archive is unpacked until it is complete."""
        return self._notes / "downloads" / f"{quote(unit.name, safe='')}.unpacking"

    def is_done(self, part: Part, unit: Unit, *, thoroughly: bool = False) -> bool:
        """Whether a unit was downloaded and unpacked.

        Args:
            part: The part that it belongs to.
            unit: The unit.
            thoroughly: Also look whether each of its files is there with its length.
        """
        about, manifest = self._note(part, unit), self._manifest(part, unit)
        if not (about.is_file() and manifest.is_file()):
            return False
        return not thoroughly or all(self._is_there(row) for row in self._rows(manifest))

    def note(self, part: Part, unit: Unit, entries: Sequence[Entry], facts: Mapping[str, Any]) -> None:
        """Write down that a unit is here."""
        write_manifest(self._manifest(part, unit), (asdict(entry) for entry in entries))
        sizes = {"files": len(entries), "bytes": sum(entry.bytes for entry in entries)}
        write_json(self._note(part, unit), {**facts, **sizes, "when": round(time.time())})

    def facts(self, part: Part, unit: Unit) -> dict[str, Any]:
        """What was written down about a unit; empty if nothing was."""
        with suppress(OSError, ValueError):
            found = json.loads(self._note(part, unit).read_bytes())
            return found if isinstance(found, dict) else {}
        return {}

    def state(self, corpus: Corpus, part: Part | None = None) -> State:
        """What is here of a part, or of a corpus that is got by hand."""
        if part is None or not part.files:
            return "own" if self._holds_something(self.folder) else "missing"
        done = [self.is_done(part, unit) for unit in part.units()]
        holds = [self._holds_something(self.folder / name) for name in part.holds]
        if all(done) and any(holds):
            return "here"
        if any(done):
            return "partly"
        return "own" if all(holds) else "missing"

    def _note(self, part: Part, unit: Unit) -> Path:
        return self._notes / part.name / f"{quote(unit.name, safe='')}.json"

    def _manifest(self, part: Part, unit: Unit) -> Path:
        return self._notes / part.name / f"{quote(unit.name, safe='')}.files.jsonl"

    def _is_there(self, row: Mapping[str, Any]) -> bool:
        try:
            found = os.stat(os.path.join(self.folder, row["path"]))  # noqa: PTH116, PTH118  there may be 100,000
            return found.st_size == int(row["bytes"])
        except (OSError, KeyError):
            return False

    @staticmethod
    def _rows(manifest: Path) -> list[dict[str, Any]]:
        try:
            return read_manifest(manifest)
        except InputError:
            return [{}]

    @staticmethod
    def _holds_something(path: Path) -> bool:
        with suppress(OSError):
            return path.is_file() or any(not found.name.startswith(".") for found in path.iterdir())
        return False
