"""A Dask cluster on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def dask_cluster(folder: Path, *, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and worker processes on loopback: its address, and the workers."""
    file = folder / "scheduler.json"
    shared = ["--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    started: list[subprocess.Popen[bytes]] = []

    def start(role: str, *options: str) -> None:
        command = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.dask_{role}", *shared, *options]
        started.append(subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.DEVNULL))

    try:
        start("scheduler", "--port", "0")
        for _ in range(workers):
            start("worker", "--nthreads", "1", "--no-nanny")
        yield _address(file, started[0]), started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _address(file: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """Where the scheduler listens, once it has written that down."""
    while scheduler.poll() is None:
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.02)
    raise RuntimeError("The scheduler did not start.")
