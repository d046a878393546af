"""Archives, unpacked safely: all of it or nothing, and never outside one folder.

    pieces --each member checked--> staging/... --whole?--> moved to folder/..., Entry (path, bytes, SHA-256)

Killed at any time, the next call reads the archive again and writes only what is not there yet. An archive that is
refused or damaged leaves nothing behind. The rules are those of Python's own ``data`` filter for tar, and more, on
every Python and for zip: links become copies of files of the same archive; devices are refused, and so are members
that would go outside, that are there twice, or that swell beyond reason.

Checked: tests/data/test_extract.py, tests/data/test_hostile_archives.py.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from separate_cli.data.archive_names import Places, refused
from separate_cli.data.archives import Member, checked, members
from separate_cli.errors import InputError, OutputError, RefusedError
from separate_cli.files import atomic_path, output_error
from separate_cli.progress import SILENT, Progress

__all__ = ["Entry", "extract"]

_BLOCK_BYTES = 1 << 18
_LARGEST_RATIO = 100
"""Even silence as WAV packs no better than this by much; bombs pack a thousandfold."""
_ALWAYS_FINE_BYTES = 64 << 20
_LARGEST_EXCESS = 4


@dataclass(frozen=True, order=True)
class Entry:
    """A file that came out of an archive.

    Args:
        path: Where it is, relative, with ``/``.
        bytes: Its length.
        sha256: Of its content, in hexadecimal.
    """

    path: str
    bytes: int
    sha256: str


def extract(
    pieces: Sequence[Path],
    folder: Path,
    *,
    name: str,
    staging: Path,
    top: str = "",
    unpacked: int | None = None,
    progress: Progress = SILENT,
) -> list[Entry]:
    """Unpack an archive into ``folder``; files of the same name there are replaced.

    Args:
        pieces: The archive, or the files that it was split into, in order.
        folder: Where its files go.
        name: Its name, for messages.
        staging: Folder on the same disk for what is not complete yet.
        top: Leading folder of the archive that is left out.
        unpacked: About how many bytes should come out, if that is known.
        progress: Where to report progress, in MB of the archive.

    Returns:
        What came out, sorted.

    Raises:
        RefusedError: If it is hostile; nothing of it is kept, nothing outside was touched.
        InputError: If it is damaged; nothing of it is kept.
        OutputError: If it cannot be written.
    """
    packed = sum(piece.stat().st_size for piece in pieces)
    most = max(packed * _LARGEST_RATIO, _ALWAYS_FINE_BYTES)
    if unpacked is not None:
        most = min(most, max(unpacked * _LARGEST_EXCESS, _ALWAYS_FINE_BYTES))
    writer = _Writer(staging, Places(name, top), name, most)
    try:
        with checked(name), progress.task(f"unpacking {name}", total=packed / 1e6, unit="MB") as task:
            for member in members(pieces, name=name, on_read=lambda count: task.advance(count / 1e6)):
                writer.take(member)
            entries = writer.finish()
    except OutputError:
        raise
    except (RefusedError, InputError):
        shutil.rmtree(staging, ignore_errors=True)
        raise
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _settle(staging, folder)
    except OSError as error:
        raise output_error(folder, error) from error
    return entries


class _Writer:
    """Writes members below ``folder``, where they are not there yet."""

    def __init__(self, folder: Path, places: Places, archive: str, most: int) -> None:
        self._folder = folder
        self._places = places
        self._archive = archive
        self._left = most
        self._entries: dict[str, Entry] = {}

    def take(self, member: Member) -> None:
        place = self._places.of(member.name, is_folder=member.kind == "folder")
        if place is None or member.kind == "folder":
            return
        if member.kind == "file" and member.content is not None:
            if member.size > self._left:
                raise self._swollen()
            with member.content:
                self._entries[place] = self._write(place, member.content, member.size)
            return
        origin = self._places.linked(member.name, member.target, is_relative=member.kind == "soft")
        with (self._folder / origin).open("rb") as content:
            self._entries[place] = self._write(place, content, self._entries[origin].bytes)

    def finish(self) -> list[Entry]:
        """What came out; removes what an earlier attempt left that is not part of it."""
        if not self._entries:
            raise InputError(f"{self._archive} holds no files.", hint="It is something else: get it again.")
        for root, _, files in os.walk(self._folder):
            for file in files:
                path = Path(root, file)
                if path.relative_to(self._folder).as_posix() not in self._entries:
                    path.unlink()
        return sorted(self._entries.values())

    def _write(self, place: str, content: IO[bytes], size: int) -> Entry:
        path = self._folder / place
        digest = hashlib.sha256()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b") as stream:
                is_new = os.fstat(stream.fileno()).st_size == 0
                while block := content.read(_BLOCK_BYTES):
                    self._left -= len(block)
                    if self._left < 0:
                        raise self._swollen()
                    digest.update(block)
                    position = stream.tell()
                    if is_new or stream.read(len(block)) != block:
                        stream.seek(position)
                        stream.write(block)
                length = stream.tell()
                if os.fstat(stream.fileno()).st_size > length:
                    stream.truncate()
        except OSError as error:
            if error.errno is None:  # the archive's fault, not the disk's
                raise
            raise output_error(path, error) from error
        if length != size:
            raise EOFError(f"{place} is cut short")
        return Entry(place, length, digest.hexdigest())

    def _swollen(self) -> RefusedError:
        return refused(self._archive, "it swells far beyond what it should hold")


def _settle(source: Path, target: Path) -> None:
    """Move all files of ``source`` to the same places in ``target``; whole folders where there is none yet."""
    with os.scandir(source) as found:
        entries = list(found)
    for entry in entries:
        place, is_folder = target / entry.name, entry.is_dir(follow_symlinks=False)
        if not (is_folder and place.is_dir()):
            if _has_moved(Path(entry.path), place):
                continue
            if not is_folder:
                with atomic_path(place) as temporary:
                    shutil.copyfile(entry.path, temporary)
                Path(entry.path).unlink()
                continue
            place.mkdir()
        _settle(Path(entry.path), place)
    source.rmdir()


def _has_moved(source: Path, place: Path) -> bool:
    """Move a file or folder; False if that is impossible because a folder of the corpus is a link to another disk."""
    try:
        source.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True
