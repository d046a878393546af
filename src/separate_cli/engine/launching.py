"""Start the other processes of a training on this machine, and do not outlive them, nor they us.

    leader --Popen, stdin held open--> followers   when the leader dies, however it dies, their stdin ends: so do they
           <--a thread looks after them--          when one dies, a leader that waits for it for ever is ended

Checked: tests/engine/test_launching.py, tests/engine/test_many.py.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from separate_cli.engine.ranks import Ranks

__all__ = ["end_with_the_leader", "followers", "free_port"]

_LOOK_SECONDS = 0.5
_STDIN = 0
_GRACE_SECONDS = 20.0
"""How long a leader may take to notice by itself that a follower has died."""


@contextmanager
def followers(size: int, command: Sequence[str]) -> Iterator[Ranks]:
    """Have ``size - 1`` followers on this machine for a while.

    Args:
        size: Processes in all.
        command: Starts a follower, which calls ``end_with_the_leader`` and then answers ``Ranks.calls``.

    Yields:
        The leader's ranks.
    """
    leader = Ranks(size=size, local_size=size, port=free_port())
    leader_is_done = threading.Event()
    processes = []
    try:
        for rank in range(1, size):
            place = replace(leader, rank=rank, local_rank=rank)
            processes.append(
                subprocess.Popen(  # noqa: S603  our own module
                    command, stdin=subprocess.PIPE, env={**os.environ, **place.environment()}
                )
            )
        threading.Thread(target=_look_after, args=(processes, leader_is_done), daemon=True).start()
        yield leader
        leader.dismiss()
    finally:
        leader_is_done.set()
        for process in processes:
            _end(process)


def end_with_the_leader() -> None:
    """In a follower: end at once when the leader is gone; leave Ctrl-C to the leader."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_await_end_of_stdin, daemon=True).start()


def _await_end_of_stdin() -> None:
    while os.read(_STDIN, 1):  # not sys.stdin: a data worker, forked while that is being read, waits for its lock
        pass
    os._exit(1)


def _look_after(processes: Sequence[subprocess.Popen[bytes]], leader_is_done: threading.Event) -> None:
    while not leader_is_done.wait(_LOOK_SECONDS):
        if any(process.poll() for process in processes):  # ended, and not with 0
            deadline = time.monotonic() + _GRACE_SECONDS
            while time.monotonic() < deadline:
                if leader_is_done.wait(_LOOK_SECONDS):
                    return
            sys.stderr.write("error: A process of the training has died, and the others wait for it.\n")
            sys.stderr.write("hint: The same command goes on from the last saved state.\n")
            os._exit(1)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
