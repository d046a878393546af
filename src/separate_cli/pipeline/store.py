"""Where results lie, and the moves between "being made" and "done".

    exp/RUN/STAGE/KEY          a finished result with its stage.json
    exp/RUN/STAGE/KEY.part     one in the making; a killed attempt leaves it, the next goes on in it
    exp/RUN/STAGE/KEY.seed     a .part that is being set up   (never used: thrown away)
    exp/RUN/STAGE/KEY.old      the result that KEY.part is about to replace
    exp/RUN/STAGE/KEY.shards   what members of a job array have made of it, see ``shards``
    exp/RUN/STAGE/KEY.trash-*  being deleted

Each move is one rename, so that whatever instant the process is killed at, ``recover`` knows what to do next:

    publish:  write .part/stage.json ─ KEY → .old ─ .part → KEY ─ delete .old
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from separate_cli.files import TEMPORARY_SUFFIX, output_error, write_json
from separate_cli.pipeline.hashes import HashCache
from separate_cli.pipeline.key import SHORT
from separate_cli.pipeline.lock import owner_file
from separate_cli.pipeline.record import (
    ATTEMPT,
    JOURNAL,
    RECORD,
    Attempt,
    Output,
    Record,
    damage,
    read_attempt,
    read_record,
)

__all__ = ["Slot", "collect", "publish", "recover", "remove_orphans", "work_folder"]

_ORPHAN = re.compile(r"\..*\.\d+\.[0-9a-f]{8}" + re.escape(TEMPORARY_SUFFIX) + r"(\..*)?")
"""Names of ``files.atomic_path``: what a killed process was writing."""
_RENAME_SECONDS = 10.0 if os.name == "nt" else 0.0
"""On Windows a virus scanner or indexer may hold a file for a moment."""


@dataclass(frozen=True)
class Slot:
    """The place of one result.

    Args:
        parent: ``exp/RUN/STAGE``.
        key: The stage's key.
    """

    parent: Path
    key: str

    @property
    def finished(self) -> Path:
        """The folder of the finished result."""
        return self.parent / self.key[:SHORT]

    @property
    def part(self) -> Path:
        """The folder of a result in the making."""
        return self._sibling(".part")

    @property
    def seed(self) -> Path:
        """A ``part`` that is being set up."""
        return self._sibling(".seed")

    @property
    def old(self) -> Path:
        """The finished result while it is being replaced."""
        return self._sibling(".old")

    @property
    def shards(self) -> Path:
        """What members of a job array have made."""
        return self._sibling(".shards")

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.parent / f".{self.key[:SHORT]}.lock"

    def shard_lock(self, shard: str) -> Path:
        """The lock file of a member of a job array."""
        return self.parent / f".{self.key[:SHORT]}.{shard}.lock"

    @property
    def is_tidy(self) -> bool:
        """Whether no process was killed between finishing the work and tidying up."""
        left = [self.old, self.seed, self.shards, self.part / RECORD, owner_file(self.lock), *self.trash]
        return not any(path.exists() for path in left)

    @property
    def trash(self) -> list[Path]:
        """Folders that were being deleted."""
        return list(self.parent.glob(f"{self.key[:SHORT]}.trash-*"))

    def record(self) -> Record | None:
        """The record of the finished result, if there is one."""
        record = read_record(self.finished)
        return record if record is not None and record.key == self.key else None

    def attempt(self) -> Attempt | None:
        """What a killed or running attempt was begun for."""
        attempt = read_attempt(self.part)
        return attempt if attempt is not None and attempt.key == self.key else None

    def _sibling(self, suffix: str) -> Path:
        return self.parent / (self.key[:SHORT] + suffix)


def recover(slot: Slot, hashes: HashCache) -> None:
    """Finish the move that a killed process was in the middle of. Call it with the lock held."""
    made = read_record(slot.part)
    if made is not None and made.key == slot.key and not damage(made, hashes):
        publish(slot, made, hashes)
    if slot.old.exists() and not slot.finished.exists():
        _rename(slot.old, slot.finished)
    if slot.record() is not None:
        _discard(slot.shards)
    for folder in (slot.old, slot.seed, *slot.trash):
        _discard(folder)


def work_folder(slot: Slot, attempt: Attempt) -> tuple[Attempt, Path]:
    """The ``.part`` folder to work in: what a killed attempt left, else a new one; and the attempt, counted on.

    An ``extend`` attempt starts from a copy of the finished result, a ``redo`` attempt from nothing.

    Raises:
        OutputError: If it cannot be made.
    """
    left = slot.attempt()
    if left is not None and attempt.mode != "redo":
        attempt = attempt.model_copy(update={"mode": left.mode, "attempts": left.attempts + 1})
        remove_orphans(slot.part)
        with suppress(FileNotFoundError):
            (slot.part / RECORD).unlink()  # it does not describe what is there, or recover() would have published it
        write_json(slot.part / ATTEMPT, attempt.model_dump(mode="json"))
        return attempt, slot.part
    _discard(slot.part)
    try:
        if attempt.mode == "extend":
            shutil.copytree(slot.finished, slot.seed, ignore=shutil.ignore_patterns(RECORD))
        else:
            slot.seed.mkdir(parents=True)
    except shutil.Error as error:
        raise output_error(slot.seed, OSError(str(error))) from error
    except OSError as error:
        raise output_error(slot.seed, error) from error
    write_json(slot.seed / ATTEMPT, attempt.model_dump(mode="json"))
    _rename(slot.seed, slot.part)
    return attempt, slot.part


def collect(folder: Path, hashes: HashCache) -> dict[str, Output]:
    """Relative path, with ``/`` → hash and size of everything that a stage wrote."""
    remove_orphans(folder)
    outputs = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in {RECORD, ATTEMPT, JOURNAL}:
            outputs[name] = Output(sha256=hashes.file(path), bytes=path.stat().st_size)
    return outputs


def publish(slot: Slot, record: Record, hashes: HashCache) -> Record:
    """Make what lies in ``.part`` the finished result, in the place of an older one.

    Raises:
        OutputError: If a folder cannot be renamed.
    """
    record.write(slot.part)
    for name in (ATTEMPT, JOURNAL):
        (slot.part / name).unlink(missing_ok=True)
    if slot.finished.exists():
        _discard(slot.old)
        _rename(slot.finished, slot.old)
    _rename(slot.part, slot.finished)
    for name, output in record.outputs.items():
        hashes.remember(slot.finished / name, output.sha256)
    for folder in (slot.old, slot.shards):
        _discard(folder)
    return record.model_copy(update={"folder": slot.finished})


def _discard(folder: Path) -> None:
    """Delete a folder; it loses its name first, so that half of it is never taken for the whole."""
    if not folder.exists():
        return
    trash = folder
    if ".trash-" not in folder.name:
        trash = folder.with_name(f"{folder.name.partition('.')[0]}.trash-{secrets.token_hex(4)}")
        _rename(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)


def _rename(source: Path, target: Path) -> None:
    _patiently(lambda: os.rename(source, target), target)  # noqa: PTH104  Path.rename would do the same


def _patiently(action: Callable[[], None], path: Path) -> None:
    deadline = time.monotonic() + _RENAME_SECONDS
    while True:
        try:
            return action()
        except PermissionError as error:
            if time.monotonic() >= deadline:
                raise output_error(path, error) from error
            time.sleep(0.1)
        except OSError as error:
            raise output_error(path, error) from error


def remove_orphans(folder: Path) -> None:
    """Delete what killed processes were writing."""
    for path in folder.rglob(f".*{TEMPORARY_SUFFIX}*"):
        if _ORPHAN.fullmatch(path.name):
            with suppress(OSError):
                path.unlink()
