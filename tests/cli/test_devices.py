"""``sep train`` on several devices, as users start it: by itself, by torchrun, by SLURM; killed, failing, requeued."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from separate_cli.engine.launching import free_port

pytestmark = pytest.mark.devices

SEP = str(Path(sys.executable).with_name("sep"))
TRAIN = [SEP, "train", "--recipe", "tiny.yaml", "--set", "train.checkpoint_minutes=0.00001"]


def start(command: list[str], workspace: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=workspace,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> Path:
    """The folder of the finished training."""
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    return Path(stdout.strip().splitlines()[-1])


def ended(process: subprocess.Popen[str]) -> int:
    """Its exit code."""
    process.communicate(timeout=60)
    return process.returncode


def course(folder: Path) -> list[list[float]]:
    lines = (folder / "curves.csv").read_text().splitlines()[1:]
    assert lines
    return [[float(cell) for cell in line.split(",")[:4]] for line in lines]


def wait_for(path_pattern: str, workspace: Path, process: subprocess.Popen[str]) -> Path:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if found := list(workspace.glob(path_pattern)):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{path_pattern} never came: {process.communicate()}")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[float]]]:
    """Filled by the first test that needs it."""
    return {}


def expected(alone: dict[str, list[list[float]]], workspace: Path) -> list[list[float]]:
    if "course" not in alone:
        alone["course"] = course(finish(start([*TRAIN, "--name", "alone"], workspace)))
    return alone["course"]


def test_torchrun_starts_all_and_they_end_as_one(tiny_workspace: Path, alone: dict[str, list[list[float]]]) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    launcher += ["--master-port", str(free_port()), "--no-python"]
    folder = finish(start([*launcher, *TRAIN], tiny_workspace))
    for found, wanted in zip(course(folder), expected(alone, tiny_workspace), strict=True):
        assert found == pytest.approx(wanted, rel=1e-4)


def slurm(workspace: Path, rank: int, port: int) -> Mapping[str, str]:
    """What srun tells task ``rank`` of two on one node; its scontrol writes down what it is asked."""
    program = workspace / "bin" / "scontrol"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$@" >> {workspace}/asked\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "SLURM_JOB_ID": "77",
        "SLURM_STEP_ID": "0",
        "SLURM_PROCID": str(rank),
        "SLURM_LOCALID": str(rank),
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_TASKS_PER_NODE": "2",
        "SLURM_STEP_NODELIST": "localhost",
        "MASTER_PORT": str(port),
    }


def test_slurm_is_warned_saves_queues_again_and_goes_on(
    tiny_workspace: Path, alone: dict[str, list[list[float]]]
) -> None:
    more = ["--set", "train.epochs=400"]
    port = free_port()
    leader, follower = (start([*TRAIN, *more], tiny_workspace, **slurm(tiny_workspace, rank, port)) for rank in (0, 1))
    wait_for("exp/tiny/train/*.part/resume.ckpt", tiny_workspace, leader)
    leader.send_signal(signal.SIGUSR1)
    _, stderr = leader.communicate(timeout=120)
    assert leader.returncode == 130
    assert "SLURM has queued job 77 again" in stderr
    assert ended(follower) == 0
    assert (tiny_workspace / "asked").read_text() == "requeue 77\n"

    port = free_port()
    leader, follower = (start(TRAIN, tiny_workspace, **slurm(tiny_workspace, rank, port)) for rank in (0, 1))
    rows = course(finish(leader))
    assert ended(follower) == 0
    for found, wanted in zip(rows, expected(alone, tiny_workspace), strict=False):
        assert found == pytest.approx(wanted, rel=1e-4)


def test_a_killed_leader_takes_its_followers_along_and_the_run_goes_on(
    tiny_workspace: Path, alone: dict[str, list[list[float]]]
) -> None:
    command = [*TRAIN, "--devices", "2"]
    leader = start(command, tiny_workspace)
    wait_for("exp/tiny/train/*.part/resume.ckpt", tiny_workspace, leader)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(leader.pid)], capture_output=True, text=True, check=True
    )
    pids = [int(pid) for pid in children.stdout.split()]
    assert pids
    leader.kill()
    leader.communicate()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "a follower outlives its leader"
        time.sleep(0.1)
    folder = finish(start(command, tiny_workspace))
    for found, wanted in zip(course(folder), expected(alone, tiny_workspace), strict=True):
        assert found == pytest.approx(wanted, rel=1e-4)


def test_a_killed_follower_ends_the_leader_with_two_lines(tiny_workspace: Path) -> None:
    leader = start([*TRAIN, "--devices", "2", "--set", "train.epochs=400"], tiny_workspace)
    wait_for("exp/tiny/train/*.part/resume.ckpt", tiny_workspace, leader)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(leader.pid)], capture_output=True, text=True, check=True
    )
    for pid in children.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    _, stderr = leader.communicate(timeout=120)
    assert leader.returncode == 1
    assert "Traceback" not in stderr
    assert "goes on" in stderr


def test_a_done_training_sends_torchruns_processes_home(tiny_workspace: Path) -> None:
    finish(start(TRAIN, tiny_workspace))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    launcher += ["--master-port", str(free_port()), "--no-python"]
    process = start([*launcher, *TRAIN, "--json"], tiny_workspace)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert not any(stage["ran"] for stage in json.loads(stdout)["result"]["stages"])
