"""What is done of a long list of items, so that a killed run goes on instead of starting over.

    key, JSON-able result --add--> a line --kill, open again--> Journal.done

Lines are appended; a line that a kill has torn is dropped.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from separate_cli.files import output_error

__all__ = ["Journal"]


class Journal:
    """Results of finished items by key, kept in a file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Journal(Path(folder) / "done.jsonl") as journal:
    ...         journal.add("a.wav", 1)
    ...     with Journal(Path(folder) / "done.jsonl") as journal:
    ...         journal.done
    {'a.wav': 1}
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, Any] = {}
        kept = 0
        content = path.read_bytes() if path.exists() else b""
        for line in content.splitlines(keepends=True):
            try:
                key, result = json.loads(line)
            except (ValueError, TypeError):
                break
            if not line.endswith(b"\n"):
                break
            self.done[key] = result
            kept += len(line)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("ab")
            self._stream.truncate(kept)
        except OSError as error:
            raise output_error(path, error) from error

    def add(self, key: str, result: Any) -> None:
        """Note that the item ``key`` is done."""
        self.done[key] = result
        try:
            self._stream.write(json.dumps([key, result], ensure_ascii=False).encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise output_error(self.path, error) from error

    def remove(self) -> None:
        """Close and delete the file, once its content has found its final place."""
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
