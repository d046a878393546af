"""What runs in a worker process of this machine: it leaves signals to its parent, and dies with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process
from typing import TypeVar

__all__ = ["call", "sheltered", "start"]

T = TypeVar("T")


@contextmanager
def sheltered() -> Iterator[None]:
    """Processes that are started meanwhile never get SIGUSR1; this process gets it afterwards.

    SLURM warns all processes of a job with it, and one that does not expect it ends at once.
    """
    if not hasattr(signal, "SIGUSR1"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start() -> None:
    """Prepare a worker: Ctrl-C is the parent's business, and there is no life after the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A killed parent cannot stop its workers; they would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def call(function: Callable[[], T]) -> T:
    """Run ``function``: a picklable call with its arguments bound."""
    return function()
