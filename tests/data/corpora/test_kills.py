"""Killed at random points, a corpus ends with the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")
def test_killed_ten_times_at_random_librimix_has_the_bytes_of_an_uninterrupted_run(tmp_path: Path) -> None:
    script = Path(__file__).with_name("crash.py")
    done = subprocess.run([sys.executable, script, tmp_path, "10"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) >= 10
