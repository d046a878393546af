"""Who does the work: this process, processes of this machine, or a Dask cluster; shaped like concurrent.futures.

    items --spread(work, executor="local:4")--> (item, result) as they are finished, a few under way at a time

    local        one process a CPU            local:1      this process
    local:4      four processes               dask:TCP     a running Dask cluster, whose machines see the same folders

What is made does not depend on who makes it. A worker that dies (out of memory, a machine that is switched off) costs
only what it had under way, which others do again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Generic, Protocol, TypeVar

from separate_cli.errors import RemoteError, SepError, UsageError
from separate_cli.pipeline import worker

__all__ = ["available_cpus", "spread"]

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4
"""Items under way or waiting for each worker: enough that none is idle, few enough that a stop is quick."""
_DEATHS = 3
"""How many workers may die while an item is under way."""
_DASK_SECONDS = 10
_SHOWN = 200


class _Crew(Protocol):
    @property
    def window(self) -> int:
        """How many items should be under way or waiting for a worker."""

    def submit(self, work: Callable[[T], R], item: T) -> Future[R]:
        """Begin to work on an item."""

    def renew(self) -> None:
        """Replace workers that have died."""


def spread(work: Callable[[T], R], items: Iterable[T], *, executor: str = "local") -> Iterator[tuple[T, R | SepError]]:
    """Do ``work`` on every item, several at a time.

    Args:
        work: Can be pickled, as a function of a module or a ``functools.partial`` of one.
        items: Drawn as they are needed. Can be pickled.
        executor: ``"local"``, ``"local:4"`` or ``"dask:ADDRESS"``.

    Returns:
        Iterator of each item and its result, in the order they are finished. Where ``work`` raised a ``SepError``, that
        is the result; other exceptions are raised.

    Raises:
        UsageError: If there is no such executor.
        RemoteError: If there is no such cluster.
        SepError: If workers keep dying.

    >>> sorted(spread(abs, [-1, 2, -3], executor="local:1"))
    [(-3, 3), (-1, 1), (2, 2)]
    """
    with _hire(executor) as crew:
        waiting: Iterator[_Try[T]] = (_Try(item) for item in items)
        under_way: dict[Future[R], _Try[T]] = {}
        try:
            while True:
                lost = _fill(crew, under_way, work, waiting)
                if not under_way and not lost:
                    return
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    attempt = under_way.pop(future)
                    try:
                        outcome = _outcome(future)
                    except BrokenProcessPool:
                        lost.append(attempt)
                    else:
                        yield attempt.item, outcome
                if lost:  # a pool that has lost one worker has lost them all
                    lost += under_way.values()
                    under_way.clear()
                    crew.renew()
                    waiting = chain(_again(lost), waiting)
        finally:
            for future in under_way:
                future.cancel()


@dataclass(frozen=True)
class _Try(Generic[T]):
    """An item, and how many workers have died while it was under way."""

    item: T
    deaths: int = 0


def _fill(
    crew: _Crew, under_way: dict[Future[R], _Try[T]], work: Callable[[T], R], waiting: Iterator[_Try[T]]
) -> list[_Try[T]]:
    """Give the crew as much as it should have; what it could not take because its workers are dead."""
    for attempt in islice(waiting, max(0, crew.window - len(under_way))):
        try:
            under_way[crew.submit(work, attempt.item)] = attempt
        except BrokenProcessPool:
            return [attempt]
    return []


def _outcome(future: Future[R]) -> R | SepError:
    try:
        return future.result()
    except SepError as error:
        return error


def _again(lost: list[_Try[T]]) -> list[_Try[T]]:
    if any(attempt.deaths + 1 == _DEATHS for attempt in lost):
        worst = max(lost, key=lambda attempt: attempt.deaths).item
        raise SepError(
            f"Worker processes die again and again, while they are at work on {_short(worst)} or beside it.",
            hint="Is memory full? Use fewer workers; --workers 1 shows what goes wrong.",
        )
    return [_Try(attempt.item, attempt.deaths + 1) for attempt in lost]


def _short(item: object) -> str:
    text = repr(item)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def available_cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _hire(executor: str) -> Iterator[_Crew]:
    kind, _, rest = executor.partition(":")
    if kind == "local":
        count = int(rest) if rest.isdecimal() and int(rest) else available_cpus() if not rest else 0
        if count == 1:
            yield _Alone()
            return
        if count > 1:
            with _Processes(count) as crew:
                yield crew
            return
    if kind == "dask" and rest:
        with _cluster(rest) as cluster:
            yield cluster
        return
    raise UsageError(
        f"There is no executor {executor!r}.",
        hint="Use local, local:4 or dask:ADDRESS; for job arrays use --shard 1/8, 2/8 and so on.",
    )


class _Alone:
    """This process does it, one item at a time."""

    window = 1

    def submit(self, work: Callable[[T], R], item: T) -> Future[R]:
        future: Future[R] = Future()
        try:
            future.set_result(work(item))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None:
        """Nobody dies here."""


class _Processes:
    """Processes of this machine. They are spawned, so that nothing of this process's state is inherited."""

    def __init__(self, count: int) -> None:
        self._count, self.window = count, _AHEAD * count
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        with worker.sheltered():  # also Python's own helper process, which begins here
            return ProcessPoolExecutor(self._count, mp_context=get_context("spawn"), initializer=worker.start)

    def __enter__(self) -> _Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, work: Callable[[T], R], item: T) -> Future[R]:
        with worker.sheltered():
            return self._pool.submit(work, item)

    def renew(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._pool = self._new()


class _Cluster:
    """Dask does it; a worker that dies is its own business, up to a point."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)

    @property
    def window(self) -> int:
        """As many as the workers that there are now can take."""
        threads: dict[str, int] = self._client.nthreads()
        return _AHEAD * max(1, sum(threads.values()))

    def submit(self, work: Callable[[T], R], item: T) -> Future[R]:
        future: Future[R] = self._executor.submit(work, item)
        return future

    def renew(self) -> None:
        """The scheduler sees to it."""


@contextmanager
def _cluster(address: str) -> Iterator[_Cluster]:
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise UsageError("Dask is not installed.", hint='pip install "separate-cli[dask]"') from error
    try:
        client: Any = Client(address, timeout=_DASK_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise RemoteError(
            f"There is no Dask scheduler at {address}: {error}.", hint="Start one: dask scheduler; dask worker ADDRESS."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_DASK_SECONDS)
        except TimeoutError as error:
            raise RemoteError(f"The Dask scheduler at {address} has no worker.", hint="dask worker ADDRESS") from error
        try:
            yield _Cluster(client)
        except KilledWorker as error:
            raise SepError(f"Dask gave up: {error}", hint="Is memory full? Look at the logs of the workers.") from error
