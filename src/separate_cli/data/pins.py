"""Checksums that nobody has published: taken down at the first download, compared at every later one.

    cache_folder()/pins/CORPUS/FILE.json   checksum, length, where it came from

And seals: a file that was verified and has not been touched since is not read again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from separate_cli.files import write_json
from separate_cli.settings import cache_folder

__all__ = ["Pin", "find_pin", "is_sealed", "pin_file", "seal", "set_pin", "unseal"]


@dataclass(frozen=True)
class Pin:
    """What a file was at the first download.

    Args:
        checksum: ``sha256:…`` or ``md5:…``.
        bytes: Its length.
        url: Where it came from.
    """

    checksum: str
    bytes: int
    url: str


def pin_file(corpus: str, name: str) -> Path:
    """Where the pin of a file is."""
    return cache_folder() / "pins" / corpus / f"{quote(name, safe='')}.json"


def find_pin(corpus: str, name: str) -> Pin | None:
    """The pin of a file, if it has one."""
    try:
        found = json.loads(pin_file(corpus, name).read_bytes())
        return Pin(str(found["checksum"]), int(found["bytes"]), str(found["url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def set_pin(corpus: str, name: str, pin: Pin) -> None:
    """Take down what a file is."""
    write_json(pin_file(corpus, name), asdict(pin))


def seal(path: Path, checksum: str) -> None:
    """Note that ``path`` has been compared with ``checksum``."""
    write_json(_seal_of(path), {"checksum": checksum, "signature": _signature(path)})


def is_sealed(path: Path, checksum: str | None) -> str | None:
    """The checksum that ``path`` has been compared with, unless it was touched since or another one is asked for."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(_seal_of(path).read_bytes())
        if found["signature"] == _signature(path) and checksum in {None, found["checksum"]}:
            return str(found["checksum"])
    return None


def unseal(path: Path) -> None:
    """Forget a seal, once the file is no longer needed."""
    _seal_of(path).unlink(missing_ok=True)


def _seal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.seal.json")


def _signature(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]
