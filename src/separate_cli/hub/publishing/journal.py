"""What was published of a run, and what is on its way: kept beside the publishable folder, never with a secret in it.

    publish/RUN/journal.json   [{"host": ..., "state": ..., "id": ..., "digest": ...}, ...]

    creating ─ a draft is asked for     draft ─ it has a number     publishing ─ it is being published     published

Each state is written before the step that it announces, so that whatever instant the process is killed at, the next
call knows what to ask the hub for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from separate_cli.errors import InputError
from separate_cli.files import write_json

__all__ = ["Entry", "Journal", "State"]

State = Literal["creating", "draft", "publishing", "published"]


class Entry(BaseModel):
    """One publication, finished or not.

    Attributes:
        host: Address of the hub.
        weights: SHA-256 of the model as it was trained.
        digest: Of all that is published.
        state: How far it is.
        id: Number of the draft or record; None while it is being asked for.
        strays: Digests of drafts that a broken connection may have left behind.
        version_of: Number of the record that it is a new version of; None for a record of its own.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    weights: str
    digest: str
    state: State
    id: int | None = None
    version_of: int | None = None
    strays: tuple[str, ...] = ()


class Journal:
    """The entries of a run, in the order in which they were begun.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "journal.json")
    ...     entry = journal.note(None, Entry(host="https://zenodo.org", weights="aa", digest="bb", state="creating"))
    ...     entry = journal.note(entry, entry.model_copy(update={"state": "draft", "id": 7}))
    ...     [(one.state, one.id) for one in Journal(journal.path).entries]
    [('draft', 7)]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = _read(path)

    def note(self, before: Entry | None, now: Entry) -> Entry:
        """Write ``now`` down, in the place of ``before`` if there was one."""
        if before in self.entries:
            self.entries[self.entries.index(before)] = now
        else:
            self.entries.append(now)
        write_json(self.path, [one.model_dump() for one in self.entries])
        return now

    def forget(self, entry: Entry) -> None:
        """Strike out a draft that is no more."""
        self.entries = [one for one in self.entries if one != entry]
        write_json(self.path, [one.model_dump() for one in self.entries])

    def unfinished(self, host: str, version_of: int | None) -> Entry | None:
        """What was begun last on a hub and not finished."""
        found = [one for one in self.entries if (one.host, one.version_of) == (host, version_of)]
        return next((one for one in reversed(found) if one.state != "published"), None)

    def published(self, host: str, *, weights: str) -> list[Entry]:
        """Where these weights are on a hub already."""
        return [one for one in self.entries if (one.host, one.weights, one.state) == (host, weights, "published")]


def _read(path: Path) -> list[Entry]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Entry.model_validate(row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise InputError(
            f"Cannot read {path}, where publications of the run are noted: {error}",
            hint="Look at the hub what is there; then delete the file.",
        ) from error
