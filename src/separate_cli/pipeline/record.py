"""What is written beside a result: ``stage.json`` when it is done, ``attempt.json`` while it is being made.

A record says what went in and what came out, by hash. Its presence alone means nothing: ``damage`` holds it against
the files.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from separate_cli import __version__
from separate_cli.files import write_json
from separate_cli.pipeline.hashes import Content, HashCache
from separate_cli.pipeline.key import json_digest
from separate_cli.pipeline.listing import matcher

__all__ = [
    "ATTEMPT",
    "JOURNAL",
    "RECORD",
    "STATE",
    "Attempt",
    "Mode",
    "Output",
    "Record",
    "damage",
    "read_attempt",
    "read_record",
    "software",
]

RECORD = "stage.json"
ATTEMPT = "attempt.json"
JOURNAL = "journal.jsonl"
"""What of a result in the making is done, for stages that resume item by item; it goes when the result is finished."""
STATE = "resume.ckpt"
"""What a stage goes on from if its budget is raised, where that is more than its result; may be large, or deleted."""

Mode = Literal["run", "extend", "redo"]
"""Why an attempt was begun: nothing was there, the budget was raised, or ``--fresh``."""

_REPORTED = ("torch", "lightning", "numpy", "scipy", "soundfile", "soxr")


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Output(_Document):
    """One file of a result."""

    sha256: str
    bytes: int


class Attempt(_Document):
    """A result in the making."""

    stage: str
    version: int
    key: str
    spec: dict[str, Any]
    allowance: dict[str, Any]
    inputs: dict[str, Content]
    mode: Mode = "run"
    attempts: int = 1
    started: float
    host: str = ""


class Record(_Document):
    """A finished result.

    ``folder`` is where it was found, ``ran`` whether this call made it; neither is written. ``duration_seconds`` is the
    length of the attempt that finished; ``attempts`` counts those that were killed too.
    """

    format: Literal[1] = 1
    stage: str
    version: int
    key: str
    spec: dict[str, Any]
    allowance: dict[str, Any]
    inputs: dict[str, Content]
    outputs: dict[str, Output]
    incidental: tuple[str, ...] = ()
    attempts: int = 1
    started: float
    finished: float
    duration_seconds: float
    host: str = ""
    software: dict[str, str] = Field(default_factory=dict)
    folder: Path = Path()
    ran: bool = False

    def essential(self) -> dict[str, Output]:
        """The outputs that are not incidental: without them the result is not there."""
        incidental = matcher(self.incidental)
        return {name: output for name, output in sorted(self.outputs.items()) if not incidental.fullmatch(name)}

    def content(self) -> Content:
        """What later stages depend on."""
        kept = self.essential()
        digest = json_digest({name: output.sha256 for name, output in kept.items()})
        return Content(digest, len(kept), sum(output.bytes for output in kept.values()))

    def write(self, folder: Path) -> None:
        """Write ``stage.json`` into ``folder``."""
        write_json(folder / RECORD, self.model_dump(mode="json", exclude={"folder", "ran"}))


def read_record(folder: Path) -> Record | None:
    """The record of a folder; None when there is none that can be read."""
    document = _read(folder / RECORD)
    try:
        return None if document is None else Record(**{**document, "folder": folder, "ran": False})
    except ValidationError:
        return None


def read_attempt(folder: Path) -> Attempt | None:
    """What is being made in a folder; None when nothing that can be read says so."""
    document = _read(folder / ATTEMPT)
    try:
        return None if document is None else Attempt(**document)
    except ValidationError:
        return None


def damage(record: Record, hashes: HashCache) -> str:
    """What is wrong with the files of a record, in words; empty when every essential one is there with its content."""
    for name, output in record.essential().items():
        path = record.folder / name
        if not path.is_file():
            return f"{name} is gone"
        if path.stat().st_size != output.bytes or hashes.file(path) != output.sha256:
            return f"{name} was changed after it was written"
    return ""


def software() -> dict[str, str]:
    """Versions of what takes part in this process."""
    found = {"sep": __version__, "python": platform.python_version()}
    for name in _REPORTED:
        if name in sys.modules:
            found[name] = metadata.version(name)
    return found


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
