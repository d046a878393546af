"""A file on its way to a server: shows how far it is, and can be sent again from the start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from separate_cli.progress import ProgressTask

__all__ = ["Sent"]


class Sent:
    """Reads a file and moves a bar; what is sent again moves it back first.

    Args:
        stream: The file.
        size: How long it is, in bytes.
        bar: What is moved, a million bytes a unit.
    """

    def __init__(self, stream: BinaryIO, size: int, bar: ProgressTask) -> None:
        self._stream, self._size, self._bar = stream, size, bar
        self._shown = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(1 << 16):
            yield block

    def read(self, amount: int = -1) -> bytes:
        """The next bytes."""
        block = self._stream.read(amount)
        self._bar.advance(len(block) / 1e6)
        self._shown += len(block)
        return block

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._stream.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere in the file."""
        position = self._stream.seek(offset, whence)
        self._bar.advance((position - self._shown) / 1e6)
        self._shown = position
        return position
