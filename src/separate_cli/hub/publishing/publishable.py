"""A publishable folder as hubs see it: names, sizes, hashes. How it is made: ``folder``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ABOUT", "CARD", "MODEL", "LocalFile", "PublishableFolder", "read_folder"]

MODEL, CARD, ABOUT = "model.safetensors", "README.md", "publication.json"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class LocalFile:
    """One file of the folder, and how hubs name its content."""

    path: Path
    size: int
    md5: str
    sha256: str

    @property
    def name(self) -> str:
        """Its name on the hub."""
        return self.path.name

    @classmethod
    def of(cls, path: Path) -> LocalFile:
        """Read a file once for all its hashes."""
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                md5.update(block)
                sha256.update(block)
        return cls(path, path.stat().st_size, md5.hexdigest(), sha256.hexdigest())


@dataclass(frozen=True)
class PublishableFolder:
    """What is published.

    Args:
        path: The folder.
        files: Its files, by name.
    """

    path: Path
    files: tuple[LocalFile, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over names and contents: the same publication, the same digest."""
        lines = "".join(f"{one.sha256}  {one.name}\n" for one in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(one.size for one in self.files)

    @property
    def about(self) -> dict[str, Any]:
        """What is in ``publication.json``."""
        document: dict[str, Any] = json.loads((self.path / ABOUT).read_text(encoding="utf-8"))
        return document


def read_folder(path: Path) -> PublishableFolder:
    """What lies in a publishable folder."""
    return PublishableFolder(path, tuple(LocalFile.of(one) for one in sorted(path.iterdir()) if one.is_file()))
