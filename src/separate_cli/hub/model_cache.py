"""Downloaded models on this computer: each in a folder of its own, with what is known about it.

    cache_folder()/models/zenodo-3862942-model.pth-1f2e3d4c5b6a/model.pth
                                                               /entry.json   origin, names, SHA-256, ...

A file is compared with its SHA-256 whenever it is used. The time of ``entry.json`` is that of the last use.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from separate_cli.errors import OutputError
from separate_cli.files import hash_file, output_error, write_json
from separate_cli.settings import cache_folder

__all__ = [
    "Entry",
    "Held",
    "add",
    "find",
    "held_models",
    "models_folder",
    "remove_folder",
    "reserved",
    "safe_name",
    "unfinished",
]

_ABOUT = "entry.json"
_TAKEN = frozenset({_ABOUT, "new"})


class Entry(BaseModel):
    """What is known about a downloaded file.

    Attributes:
        origin: Where exactly it comes from; always means the same bytes.
        file: Its name here.
        sha256: Of its content, in hexadecimal.
        size: In bytes.
        names: References that led to it → when they last did, in seconds since 1970.
        title: What its publisher calls it.
        licence: Which licence its publisher states.
        fetched: When, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    origin: str
    file: str
    sha256: str
    size: int
    names: dict[str, float] = {}
    title: str = ""
    licence: str = ""
    fetched: float = 0.0


@dataclass(frozen=True)
class Held:
    """A downloaded file and its entry."""

    entry: Entry
    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.entry.file

    @property
    def last_used(self) -> float:
        """When it was last asked for, in seconds since 1970."""
        return (self.folder / _ABOUT).stat().st_mtime

    def is_whole(self) -> bool:
        """Whether the file is still what was downloaded."""
        with suppress(OSError):
            return self.path.stat().st_size == self.entry.size and hash_file(self.path) == self.entry.sha256
        return False

    def note_use(self, name: str) -> None:
        """Remember that ``name`` led here, and when; not where the cache is shared and only to be read."""
        entry = self.entry.model_copy(update={"names": {**self.entry.names, name: time.time()}})
        with suppress(OutputError):
            write_json(self.folder / _ABOUT, entry.model_dump())

    def remove(self) -> None:
        """Delete the file and its entry.

        Raises:
            OutputError: If that is not possible.
        """
        remove_folder(self.folder)


def models_folder() -> Path:
    """Where downloaded models are."""
    return cache_folder() / "models"


def held_models() -> list[Held]:
    """All downloaded models, the latest used first."""
    return sorted(_entries(), key=lambda held: held.last_used, reverse=True)


def find(name: str) -> Held | None:
    """The file that ``name``, an origin or any other reference, led to last."""
    found = [held for held in _entries() if held.entry.origin == name or name in held.entry.names]
    return max(found, key=lambda held: held.entry.names.get(name, 0.0), default=None)


@contextmanager
def reserved(origin: str) -> Iterator[Path]:
    """The folder for the file from ``origin``, which no other process works in meanwhile.

    Raises:
        OutputError: If it, or what is done in it, cannot be written.
    """
    from filelock import FileLock

    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", origin).strip(".-")[:60]
    folder = models_folder() / f"{slug}-{hashlib.sha256(origin.encode()).hexdigest()[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(models_folder() / f".{folder.name}.lock"):
            yield folder
    except OSError as error:
        raise output_error(folder, error) from error


def add(folder: Path, path: Path, *, origin: str, title: str = "", licence: str = "") -> Held:
    """Note that ``path`` in ``folder`` is the whole, checked file from ``origin``."""
    entry = Entry(
        origin=origin,
        file=path.name,
        sha256=hash_file(path),
        size=path.stat().st_size,
        title=title,
        licence=licence,
        fetched=time.time(),
    )
    write_json(folder / _ABOUT, entry.model_dump())
    return Held(entry, folder)


def safe_name(name: str) -> str:
    """A file name for this disk from one that somebody else chose: never a path, never hidden, never long.

    >>> safe_name("../../etc/passwd"), safe_name("model v2.pth"), safe_name("...")
    ('passwd', 'model-v2.pth', 'model')
    >>> safe_name("entry.json")
    'modelentry.json'
    """
    last = re.split(r"[/\\]", name)[-1]
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip(".-")[-80:].lstrip(".-")
    return safe if safe and safe not in _TAKEN else f"model{safe}"


def unfinished() -> list[Path]:
    """Folders of downloads that never came to an end."""
    root = models_folder()
    return [path for path in sorted(root.glob("*")) if path.is_dir() and _read(path) is None]


def remove_folder(folder: Path) -> None:
    """Delete a folder of the cache and all in it.

    Raises:
        OutputError: If that is not possible.
    """
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise output_error(folder, error) from error


def _entries() -> list[Held]:
    root = models_folder()
    return [held for path in sorted(root.glob("*")) if path.is_dir() and (held := _read(path)) is not None]


def _read(folder: Path) -> Held | None:
    """What a folder holds; None if its entry is missing or not one of ours."""
    try:
        entry = Entry.model_validate_json((folder / _ABOUT).read_bytes())
    except (OSError, ValidationError):
        return None
    return Held(entry, folder) if safe_name(entry.file) == entry.file else None
