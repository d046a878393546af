"""The pipeline can be killed at any instant, and the next call ends with the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is tested is kills, not the disk."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory)) if os.access(memory, os.W_OK) else tmp_path
    yield folder
    if folder != tmp_path:
        shutil.rmtree(folder)


def kills(folder: Path, *scene: str) -> int:
    script = Path(__file__).with_name("crash.py")
    done = subprocess.run([sys.executable, script, folder, *scene], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def test_killed_fifty_times_at_random_it_ends_with_the_bytes_of_an_uninterrupted_run(memory_folder: Path) -> None:
    assert kills(memory_folder, "random", "50") >= 50


@pytest.mark.parametrize("scene", ["first", "extend", "redo"])
def test_killed_at_every_change_of_a_file_it_goes_on_and_loses_nothing(memory_folder: Path, scene: str) -> None:
    assert kills(memory_folder, scene) > 30
