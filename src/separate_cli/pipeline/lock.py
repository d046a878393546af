"""One process at a time per result: a lock of the operating system, and who holds it.

    .KEY.lock        locked by the operating system, which lets go when the process ends, however it ends
    .KEY.owner.json  host, process and time, for people

An owner file beside a lock that is free was left by a process that died: the next one says so and takes over.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from separate_cli.errors import OutputError
from separate_cli.files import output_error

__all__ = ["Owner", "hold", "holder", "owner_file"]

_PATIENCE_SECONDS = 0.5
"""Long enough to outlast ``holder``, which takes the lock for a blink to see whether it is free."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Owner:
    """Who holds, or held, a lock."""

    host: str
    pid: int
    since: float

    def __str__(self) -> str:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        return f"process {self.pid} on {self.host} (since {when})"


@contextmanager
def hold(lock: Path, *, wait: bool = False) -> Iterator[Owner | None]:
    """Hold a lock for the length of a ``with`` block; gives the owner that died holding it, if any.

    Args:
        lock: The lock file, for example ``.KEY.lock``; it stays behind, empty.
        wait: Wait for as long as another process holds it, instead of failing.

    Raises:
        OutputError: If another process holds it, or if the folder cannot be written.
    """
    handle = _acquire(lock, timeout=-1 if wait else _PATIENCE_SECONDS)
    try:
        died = _read(owner_file(lock))
        _write(owner_file(lock), Owner(platform.node(), os.getpid(), time.time()))
        yield died
    finally:
        with suppress(OSError):
            owner_file(lock).unlink(missing_ok=True)
        handle.release()


def holder(lock: Path) -> Owner | None:
    """Who holds a lock now, or None. Never waits, never fails."""
    if not lock.exists():
        return None
    try:
        handle = _acquire(lock, timeout=0)
    except OutputError:
        return _read(owner_file(lock))
    handle.release()
    return None


def _acquire(lock: Path, *, timeout: float) -> BaseFileLock:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle: BaseFileLock = FileLock(lock)
            handle.acquire(timeout=timeout, poll_interval=_POLL_SECONDS)
        except NotImplementedError:  # a file system without locks
            handle = SoftFileLock(lock)
            handle.acquire(timeout=timeout, poll_interval=_POLL_SECONDS)
    except Timeout:
        owner = _read(owner_file(lock))
        raise OutputError(
            f"Another process is at work on {lock.parent.name}: {owner or 'unknown'}.",
            hint=f"Wait for it (--wait), or, if it no longer runs, delete {lock}.",
        ) from None
    except OSError as error:
        raise output_error(lock, error) from error
    return handle


def owner_file(lock: Path) -> Path:
    """The file beside a lock that says who holds it."""
    return lock.with_name(f"{lock.stem}.owner.json")


def _write(file: Path, owner: Owner) -> None:
    try:
        file.write_text(json.dumps(asdict(owner)), encoding="utf-8")
    except OSError as error:
        raise output_error(file, error) from error


def _read(file: Path) -> Owner | None:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return Owner(str(document["host"]), int(document["pid"]), float(document["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
