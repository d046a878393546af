"""Several files read as one, without joining them on the disk.

x.tar.gz.partaa, x.tar.gz.partab --> one stream of bytes
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["Joined"]


class Joined(io.RawIOBase):
    """The bytes of ``paths``, one after the other.

    Args:
        paths: The files, in order.
        on_read: Told how many bytes were read.
    """

    def __init__(self, paths: Sequence[Path], on_read: Callable[[int], None] = lambda _: None) -> None:
        super().__init__()
        self._paths = list(paths)
        self._starts = [0]
        for path in self._paths:
            self._starts.append(self._starts[-1] + path.stat().st_size)
        self._position = 0
        self._on_read = on_read
        self._open: tuple[int, BinaryIO] | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the whole."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        if base + offset < 0:
            raise ValueError("before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Position in the whole."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read up to the end of a piece; 0 at the end of the last."""
        if self._position >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._position) - 1
        stream = self._piece(number)
        stream.seek(self._position - self._starts[number])
        view = memoryview(buffer).cast("B")
        count = stream.readinto(view)  # type: ignore[attr-defined]
        self._position += count
        self._on_read(count)
        return int(count)

    def close(self) -> None:
        """Close the piece that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
        super().close()

    def _piece(self, number: int) -> BinaryIO:
        if self._open is None or self._open[0] != number:
            if self._open is not None:
                self._open[1].close()
            self._open = (number, self._paths[number].open("rb", buffering=0))
        return self._open[1]
