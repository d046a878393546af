"""The same work on many items, several at a time, in threads that nobody has to wait for.

    items --tasks--> threads --results--> list, in the order of the items

``ThreadPoolExecutor`` waits for its threads, also after Ctrl-C, and they may wait for a server that never answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import TypeVar

__all__ = ["side_by_side"]

T = TypeVar("T")
R = TypeVar("R")
_GLANCE_SECONDS = 0.5


def side_by_side(function: Callable[[T], R], items: Iterable[T], *, at_once: int) -> list[R]:
    """Apply a function to each item; the first error that comes is raised.

    Args:
        function: What to do with an item.
        items: Taken one after the other, in the thread of the caller, while others are worked on.
        at_once: How many at a time.

    >>> side_by_side(lambda number: number * number, range(5), at_once=3)
    [0, 1, 4, 9, 16]
    """
    tasks: SimpleQueue[tuple[int, T] | None] = SimpleQueue()
    results: SimpleQueue[tuple[int, R] | BaseException] = SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        while (task := tasks.get()) is not None and not stopped.is_set():
            try:
                results.put((task[0], function(task[1])))
            except BaseException as error:
                results.put(error)

    for _ in range(at_once):
        threading.Thread(target=work, daemon=True).start()
    count = 0
    try:
        for count, item in enumerate(items, start=1):
            tasks.put((count, item))
        return [result for _, result in sorted((_next(results) for _ in range(count)), key=lambda pair: pair[0])]
    finally:
        stopped.set()
        for _ in range(at_once):
            tasks.put(None)


def _next(results: SimpleQueue[tuple[int, R] | BaseException]) -> tuple[int, R]:
    while True:
        try:
            found = results.get(timeout=_GLANCE_SECONDS)
        except Empty:  # only so that Ctrl-C is noticed on every system
            continue
        if isinstance(found, BaseException):
            raise found
        return found
