"""What runs in a worker process of this machine: it leaves signals to its parent, and dies with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import connection, parent_process
from typing import TypeVar

__all__ = ["call", "start"]

T = TypeVar("T")


def start() -> None:
    """Prepare a worker: Ctrl-C and SLURM's warning are the parent's business; no life after the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
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
