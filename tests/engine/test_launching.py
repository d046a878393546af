"""Followers end with their leader, and may start processes of their own meanwhile."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest

FOLLOWER = """
import multiprocessing, sys, time
from separate_cli.engine.launching import end_with_the_leader

end_with_the_leader()
time.sleep(0.2)  # until its thread reads
worker = multiprocessing.get_context("fork").Process(target=print, args=("made",), kwargs={"flush": True})
worker.start()
worker.join(20)
print(worker.exitcode, flush=True)
worker.kill()
time.sleep(60)
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is nothing to fork here")
def test_a_follower_may_fork_and_ends_when_its_stdin_does() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOLLOWER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stdin is not None
        assert follower.stdout is not None
        assert [follower.stdout.readline(), follower.stdout.readline()] == ["made\n", "0\n"]
        follower.stdin.close()
        assert follower.wait(10) == 1
