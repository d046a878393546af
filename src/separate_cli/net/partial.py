"""What is here of a file that is still coming.

    .NAME.part/data          its first bytes
              /state.json    whose bytes they are: address (hashed, it may hold a secret), ETag, whole length

The folder is gone when the file is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from separate_cli.files import write_json

__all__ = ["Origin", "Partial"]


@dataclass(frozen=True)
class Origin:
    """Whose bytes they are.

    Args:
        source: The address, hashed.
        etag: The server's strong name of this very content; None if it has none.
        size: Bytes of the whole file; None if the server does not say.
    """

    source: str
    etag: str | None
    size: int | None

    @staticmethod
    def hashed(url: str) -> str:
        """``source`` for an address."""
        return hashlib.sha256(url.encode()).hexdigest()


class Partial:
    """The folder of an unfinished download of ``path``."""

    def __init__(self, path: Path) -> None:
        self.folder = path.with_name(f".{path.name}.part")
        self.data = self.folder / "data"
        self.whole = self.folder / "whole"
        self._state = self.folder / "state.json"

    @property
    def offset(self) -> int:
        """How many bytes are here."""
        try:
            return self.data.stat().st_size
        except OSError:
            return 0

    @property
    def origin(self) -> Origin | None:
        """Whose bytes they are, if that is known."""
        try:
            document = json.loads(self._state.read_bytes())
            return Origin(str(document["source"]), document["etag"], document["size"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def restart(self) -> None:
        """Forget what is here."""
        self.data.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)

    def begin(self, origin: Origin) -> None:
        """Start anew with bytes of ``origin``; written down before the first of them comes."""
        self.restart()
        write_json(self._state, asdict(origin))

    def open(self) -> BinaryIO:
        """The file of bytes, to add to its end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.data.open("ab")

    def tidy(self) -> None:
        """Remove what a killed process left beside the bytes."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path not in {self.data, self.whole, self._state}:
                    path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder."""
        with suppress(OSError):
            shutil.rmtree(self.folder)
