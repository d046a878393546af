"""Files that appear whole or not at all, and what is in them as a hash.

    writer --> .NAME.<pid>.<random>.tmp (same folder) --> flush, fsync --> rename over NAME

A reader never sees half a file: it finds the old one, the new one, or none.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from separate_cli.errors import OutputError

__all__ = [
    "TEMPORARY_SUFFIX",
    "atomic_path",
    "check_space",
    "hash_file",
    "output_error",
    "write_bytes",
    "write_json",
    "write_text",
]

TEMPORARY_SUFFIX = ".tmp"
_HASH_BLOCK_BYTES = 1 << 20
_WHY = {
    errno.EACCES: ("the folder is not writable", "Choose another folder, or change its permissions."),
    errno.EPERM: ("the folder is not writable", "Choose another folder, or change its permissions."),
    errno.EROFS: ("the file system is read-only", "Choose a folder on another disk."),
    errno.ENOSPC: ("the disk is full", "Free some space, then run the same command again."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, then run the same command again."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Choose another folder."),
    errno.EEXIST: ("a file is where a folder is needed", "Choose another folder."),
}


def output_error(path: Path, error: OSError) -> OutputError:
    """Say in the user's words why ``path`` could not be written."""
    why, hint = _WHY.get(error.errno or 0, (error.strerror or str(error), "Check the path and try again."))
    return OutputError(f"Cannot write {path}: {why}.", hint=hint)


@contextmanager
def atomic_path(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary sibling to write to; rename it to ``path`` on success, remove it on any failure.

    The temporary name keeps the suffix of ``path``, because some writers choose the format by it.

    Args:
        path: The file.
        durable: Wait until the disk has it, which takes milliseconds. Without that, a file is whole or absent after a
            kill, but may be short after a power cut: for thousands of files whose lengths are noted elsewhere.

    Raises:
        OutputError: If the folder cannot be made or the file cannot be written (also a full disk).
    """
    temporary = path.with_name(
        f".{path.stem[:100]}.{os.getpid()}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}{path.suffix}"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if durable:
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write ``content`` to ``path``, whole or not at all; see ``atomic_path``."""
    with atomic_path(path, durable=durable) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` as UTF-8 with Unix line ends, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, document: Any) -> None:
    """Write ``document`` as sorted, indented JSON with a final newline: the same document gives the same bytes."""
    write_text(path, json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def check_space(folder: Path, n_bytes: float, *, what: str) -> None:
    """Make sure that about ``n_bytes`` fit on the disk of ``folder``, which need not exist yet.

    Args:
        folder: Where they are to go.
        n_bytes: How many, roughly.
        what: What they are, for the message.

    Raises:
        OutputError: If there is less room.
    """
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if n_bytes > free:
        raise OutputError(
            f"{what} will take about {n_bytes / 1e9:.1f} GB; {existing} has {free / 1e9:.1f} GB left.",
            hint="Free some space, or choose a folder on another disk.",
        )
