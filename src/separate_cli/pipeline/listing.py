"""Which files of a folder count as input.

Links are followed, as researchers link their corpora; a link that leads back to a folder above itself is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from separate_cli.errors import InputError

__all__ = ["files_in", "matcher"]

_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matcher(patterns: Sequence[str]) -> re.Pattern[str]:
    """One regular expression for file patterns, on relative paths with ``/``. Case does not matter; none match nothing.

    >>> matcher(["**/*.wav", "*.txt"]).fullmatch("a/b/C.WAV") is not None
    True
    >>> matcher(["*.wav"]).fullmatch("a/c.wav") is None
    True
    """
    either = "|".join(f"(?:{_translate(pattern)})" for pattern in patterns)
    return re.compile(either or "(?!)", re.IGNORECASE | re.DOTALL)


def _translate(pattern: str) -> str:
    parts = re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern)
    return "".join(_WILD.get(part) or re.escape(part) for part in parts)


def files_in(folder: Path, patterns: Sequence[str] = ("**/*",), *, name: str = "input") -> list[str]:
    """Relative paths, with ``/``, of the files below ``folder`` that match; sorted, hidden ones left out.

    Raises:
        InputError: If the folder is missing or unreadable.
    """
    wanted = matcher(patterns)
    try:
        return sorted(file for file in _walk(folder, "", ()) if wanted.fullmatch(file))
    except OSError as error:
        raise InputError(
            f"{name}: cannot read {error.filename or folder}: {error.strerror or error}.",
            hint="Check the path and its permissions.",
        ) from error


def _walk(folder: Path, prefix: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    stat = folder.stat()
    here = (stat.st_dev, stat.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", (*above, here))
            elif entry.is_file():
                yield prefix + entry.name
