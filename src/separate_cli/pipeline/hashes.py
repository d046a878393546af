"""What is in files, as SHA-256, read once: half a terabyte of speech is not read again at each call.

    path --stat--> (size, modification time, inode) --known?--> hash, else read the file

What is known lies in a small SQLite file in the workspace, which many processes may use at once. Without it (read-only
workspace, damaged file, busy for too long) everything still works, only slower.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from separate_cli.errors import InputError
from separate_cli.files import hash_file
from separate_cli.pipeline.listing import files_in
from separate_cli.progress import SILENT, Progress

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Content", "HashCache"]

_FLUSH_SECONDS = 2.0
_BUSY_SECONDS = 10.0
_SETTLED_SECONDS = 2.0
"""A file changed this recently may change again within one tick of its modification time (two seconds on FAT)."""

_TABLE = "CREATE TABLE IF NOT EXISTS hashes (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, inode TEXT, hash TEXT)"
_Row = tuple[bytes, int, int, str, str]


@dataclass(frozen=True)
class Content:
    """What is in a file or folder: ``digest`` is a SHA-256; a folder's covers relative paths and contents."""

    digest: str
    files: int
    bytes: int


class HashCache:
    """Content hashes of files, remembered in ``file`` (None: only for the life of this object)."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._database: sqlite3.Connection | None = None
        self._known: dict[bytes, _Row] = {}
        self._unsaved: list[_Row] = []
        self._saved_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._file is not None:
            self._database = _open(self._file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        if self._database is not None:
            self._database.close()
            self._database = None

    def file(self, path: Path) -> str:
        """SHA-256 of a file, in hexadecimal.

        Raises:
            InputError: If it cannot be read.
        """
        try:
            before = path.stat()
            row = self._lookup(path)
            if row is not None and row[1:4] == _signature(before):
                return row[4]
            digest = hash_file(path)
            if _signature(path.stat()) == _signature(before) and abs(time.time() - before.st_mtime) > _SETTLED_SECONDS:
                self._keep((os.fsencode(path), *_signature(before), digest))
        except OSError as error:
            raise InputError(
                f"Cannot read {path}: {error.strerror or error}.", hint="Check that it is there and readable."
            ) from error
        return digest

    def remember(self, path: Path, digest: str) -> None:
        """Take ``digest`` as the hash of a file that this process has just written or renamed."""
        with contextlib.suppress(OSError):
            self._keep((os.fsencode(path), *_signature(path.stat()), digest))

    def tree(
        self, path: Path, patterns: Sequence[str] = ("**/*",), *, name: str = "input", progress: Progress = SILENT
    ) -> Content:
        """What is in a file, or in the files of a folder that match ``patterns``.

        Args:
            path: File or folder.
            patterns: Which files of a folder count.
            name: What it is called in messages.
            progress: Where to report progress.

        Raises:
            InputError: If it is not there, cannot be read, or if no file matches.
        """
        if path.is_file():
            return Content(self.file(path), 1, path.stat().st_size)
        files = files_in(path, patterns, name=name)
        if not files:
            raise InputError(
                f"{name}: {path} holds no file that matches {', '.join(patterns)}.", hint="Is it the right folder?"
            )
        sizes = [_size(path / file) for file in files]
        digest = hashlib.sha256()
        with progress.task(f"reading {name}", total=sum(sizes) / 1e6, unit="MB") as task:
            for file, size in zip(files, sizes, strict=True):
                digest.update(os.fsencode(file) + b"\0" + self.file(path / file).encode() + b"\n")
                task.advance(size / 1e6)
        return Content(digest.hexdigest(), len(files), sum(sizes))

    def _lookup(self, path: Path) -> _Row | None:
        key = os.fsencode(path)
        if key in self._known or self._database is None:
            return self._known.get(key)
        try:
            row: _Row | None = self._database.execute("SELECT * FROM hashes WHERE path = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        return row

    def _keep(self, row: _Row) -> None:
        self._known[row[0]] = row
        self._unsaved.append(row)
        if time.monotonic() - self._saved_at > _FLUSH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self._database is not None and self._unsaved:
            with contextlib.suppress(sqlite3.Error):
                _insert(self._database, self._unsaved)
        self._unsaved.clear()
        self._saved_at = time.monotonic()


def _insert(database: sqlite3.Connection, rows: Iterable[_Row]) -> None:
    with database:
        database.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?)", rows)


def _open(file: Path) -> sqlite3.Connection | None:
    """The database, made when missing and made anew when damaged; None when it cannot be used."""
    for _ in range(2):
        database = None
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(file, timeout=_BUSY_SECONDS)
            with database:
                database.execute(_TABLE)
            database.execute("SELECT path, size, mtime, inode, hash FROM hashes LIMIT 1").fetchone()
        except (OSError, sqlite3.OperationalError):
            break
        except sqlite3.DatabaseError:
            if database is not None:
                database.close()
            with contextlib.suppress(OSError):
                file.unlink()
        else:
            return database
    if database is not None:
        database.close()
    return None


def _signature(stat: os.stat_result) -> tuple[int, int, str]:
    return stat.st_size, stat.st_mtime_ns, str(stat.st_ino)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading it will say why
