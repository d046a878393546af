"""Several files at once, each with a bar, and one bar for all.

    offers --threads: get, compare, seal--> Received, Received, ... as they come

What stops one stops all: the parts of files that came stay for the next call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from separate_cli.data.offers import Offer, Proof
from separate_cli.data.pins import Pin, find_pin, is_sealed, pin_file, seal, set_pin, unseal
from separate_cli.errors import Interrupted, RemoteError
from separate_cli.files import hash_file
from separate_cli.net.addresses import shown
from separate_cli.net.download import download, matches
from separate_cli.net.session import Client
from separate_cli.progress import Progress, ProgressTask

__all__ = ["AT_ONCE", "Received", "receive"]

AT_ONCE = 4
"""Files that come at the same time; more would be impolite."""
_GLANCE_SECONDS = 0.5
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Received:
    """A file that is here and has been compared with what it must be.

    Args:
        offer: What was had.
        path: Where it is.
        checksum: What it is.
        proof: What it was compared with.
    """

    offer: Offer
    path: Path
    checksum: str
    proof: Proof

    def facts(self) -> dict[str, Any]:
        """For the notes."""
        return {
            "name": self.offer.file.name,
            "bytes": self.path.stat().st_size,
            "checksum": self.checksum,
            "proof": self.proof,
            "is_stand_in": self.offer.is_stand_in,
            "from": self.origin,
        }

    @property
    def origin(self) -> str:
        """Where it came from."""
        return shown(self.offer.urls[0]) if self.offer.urls else str(self.offer.local)

    def pin(self, corpus: str) -> None:
        """Take down what it is, if nobody has published that; done once it has turned out to be sound."""
        file = self.offer.file
        if file.checksum is None and file.stable and not self.offer.is_stand_in and find_pin(corpus, file.name) is None:
            set_pin(corpus, file.name, Pin(self.checksum, self.path.stat().st_size, self.origin))

    def discard(self) -> None:
        """Delete it, unless it lies in a mirror."""
        if self.offer.local is None:
            self.path.unlink(missing_ok=True)
            unseal(self.path)


def receive(
    wanted: Sequence[tuple[Offer, Path]], *, corpus: str, title: str, progress: Progress
) -> Generator[Received, None, None]:
    """Get files, several at once, in the order in which they become complete.

    Args:
        wanted: Each offer and where its file goes.
        corpus: Name of the corpus, for pins.
        title: What the bar for all is called.
        progress: Where to report progress.

    Raises:
        RemoteError: If a file cannot be had, or is not what it must be.
        OutputError: If it cannot be written.
    """
    sizes = [offer.bytes for offer, _ in wanted]
    total = None if None in sizes else sum(size or 0 for size in sizes) / 1e6
    tasks: SimpleQueue[tuple[Offer, Path]] = SimpleQueue()
    results: SimpleQueue[Received | BaseException] = SimpleQueue()
    for one in wanted:
        tasks.put(one)
    with progress.task(title, total=total, unit="MB") as overall:
        shared = _Shared(progress, overall)
        threads = [
            threading.Thread(target=_work, args=(tasks, results, corpus, shared), daemon=True)
            for _ in range(min(AT_ONCE, len(wanted)))
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in wanted:
                yield _next(results)
        finally:
            shared.stop(threads)


def _work(
    tasks: SimpleQueue[tuple[Offer, Path]],
    results: SimpleQueue[Received | BaseException],
    corpus: str,
    progress: _Shared,
) -> None:
    """What each thread does: one file after the other."""
    while True:
        try:
            offer, path = tasks.get_nowait()
        except Empty:
            return
        try:
            results.put(_receive_one(offer, path, corpus, progress))
        except BaseException as error:
            results.put(error)


def _next(results: SimpleQueue[Received | BaseException]) -> Received:
    while True:
        try:
            found = results.get(timeout=_GLANCE_SECONDS)
        except Empty:  # only so that Ctrl-C is noticed on every system
            continue
        if isinstance(found, BaseException):
            raise found
        return found


def _receive_one(offer: Offer, path: Path, corpus: str, progress: _Shared) -> Received:
    progress.check()
    if offer.local is not None:
        return _compare(offer, offer.local, progress)
    if path.is_file() and (checksum := is_sealed(path, offer.checksum)):
        progress.skip(path.stat().st_size)
        return Received(offer, path, checksum, offer.proof)
    with Client(sleep=progress.sleep) as client:
        try:
            download(offer.urls, path, checksum=offer.checksum, size=offer.bytes, client=client, progress=progress)
        except RemoteError as error:
            raise _with_pin(error, offer, corpus) from error
    return _seal(offer, path)


def _compare(offer: Offer, path: Path, progress: _Shared) -> Received:
    """Take a file of a mirror that is a folder, in place."""
    size = path.stat().st_size
    with progress.task(f"reading {path.name}", total=size / 1e6, unit="MB") as task:
        if offer.checksum is not None and not matches(path, offer.checksum):
            raise RemoteError(
                f"{path} is another file: its checksum is not {offer.checksum}.", hint="Get a whole copy of it."
            )
        task.advance(size / 1e6)
    return _seal(offer, path)


def _seal(offer: Offer, path: Path) -> Received:
    known = offer.checksum or f"sha256:{hash_file(path)}"
    if offer.local is None:
        seal(path, known)
    return Received(offer, path, known, offer.proof)


def _with_pin(error: RemoteError, offer: Offer, corpus: str) -> RemoteError:
    if offer.proof != "pinned":
        return error
    pin = pin_file(corpus, offer.file.name)
    return RemoteError(
        error.message, hint=f"It is not what it was at the first download; to accept the new one, delete {pin}."
    )


class _Shared:
    """Progress of several threads: each has its own bar, all move the one for the whole, and all stop together."""

    def __init__(self, progress: Progress, overall: ProgressTask) -> None:
        self._progress = progress
        self._overall = overall
        self._stop = threading.Event()
        self._bars: set[ExitStack] = set()

    def stop(self, threads: Sequence[threading.Thread]) -> None:
        """Let the threads leave; one that waits for a dead line is left behind, and can do nothing any more."""
        self._stop.set()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for bar in list(self._bars):
            bar.close()

    def check(self) -> None:
        """Leave the thread if the others are leaving."""
        if self._stop.is_set():
            raise Interrupted("Stopped.", hint="Run the same command again to go on from here.")

    def sleep(self, seconds: float) -> None:
        """Wait, but not when the others are leaving."""
        self._stop.wait(seconds)
        self.check()

    def skip(self, n_bytes: int) -> None:
        """Count a file that was here already."""
        self._overall.advance(n_bytes / 1e6)

    def tell(self, event: str, text: str = "", **facts: Any) -> None:
        """Pass news on."""
        self._progress.tell(event, text, **facts)

    def task(
        self, description: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[ProgressTask]:
        """A bar that moves the one for the whole too."""
        return self._both(description, total, unit)

    @contextmanager
    def _both(self, description: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        with ExitStack() as bar:
            task = bar.enter_context(self._progress.task(description, total=total, unit=unit))
            self._bars.add(bar)
            try:
                yield _Both(task, self)
            finally:
                self._bars.discard(bar)

    def moved(self, amount: float) -> None:
        """Move the bar for the whole."""
        self.check()
        self._overall.advance(amount)


class _Both:
    def __init__(self, task: ProgressTask, shared: _Shared) -> None:
        self._task = task
        self._shared = shared

    def advance(self, amount: float = 1.0) -> None:
        self._shared.moved(amount)
        self._task.advance(amount)

    def describe(self, text: str) -> None:
        self._task.describe(text)
