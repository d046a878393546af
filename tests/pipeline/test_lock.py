from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from separate_cli.errors import OutputError
from separate_cli.pipeline.lock import hold, holder, owner_file

HOLDER = """
import sys, time
from pathlib import Path
from separate_cli.pipeline.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def other_process(lock: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, lock, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_process_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    lock = tmp_path / ".key.lock"
    with other_process(lock, 60) as process:
        with pytest.raises(OutputError, match=f"process {process.pid} on ") as caught, hold(lock):
            pass
        assert "--wait" in caught.value.hint
        owner = holder(lock)
        assert owner is not None
        assert owner.pid == process.pid
        process.kill()


def test_lock_of_a_killed_process_is_taken_over_and_its_owner_named(tmp_path: Path) -> None:
    lock = tmp_path / ".key.lock"
    with other_process(lock, 60) as process:
        process.kill()
    assert holder(lock) is None
    with hold(lock) as died:
        assert died is not None
        assert died.pid == process.pid
        assert json.loads(owner_file(lock).read_text())["pid"] == os.getpid()
    with hold(lock) as died:
        assert died is None


def test_waiting_process_gets_the_lock_when_the_other_one_is_done(tmp_path: Path) -> None:
    lock = tmp_path / ".key.lock"
    with other_process(lock, 0.7) as process:
        begun = time.monotonic()
        with hold(lock, wait=True) as died:
            assert died is None
        assert time.monotonic() - begun > 0.3
        process.wait()


def test_owner_file_that_makes_no_sense_does_not_matter(tmp_path: Path) -> None:
    lock = tmp_path / ".key.lock"
    owner_file(lock).write_text("{half")
    with hold(lock) as died:
        assert died is None
    assert not owner_file(lock).exists()


def test_lock_in_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write"), hold(tmp_path / "file" / ".key.lock"):
        pass
