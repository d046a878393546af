"""In a job of SLURM's, SIGUSR1 says that the time is nearly up: whatever a command does, the job is queued again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from separate_cli.cli.command import command
from separate_cli.errors import Interrupted

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no SIGUSR1")

Job = Callable[..., tuple[int, str]]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Does ``work`` as a command in job 77, whose ``scontrol`` writes down what it is asked and then runs ``more``."""

    def run(work: Callable[[], None], more: str = "") -> tuple[int, str]:
        program = tmp_path / "scontrol"
        program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n{more}\n')
        program.chmod(0o755)
        app = typer.Typer()
        command(app, "work")(work)
        result = CliRunner().invoke(app, [])
        return result.exit_code, result.stderr

    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    return run


def asked(folder: Path) -> str:
    path = folder / "asked"
    return path.read_text() if path.exists() else ""


def warn() -> None:
    signal.raise_signal(signal.SIGUSR1)


def test_a_warning_in_whatever_a_command_does_queues_the_job_again(job: Job, tmp_path: Path) -> None:
    code, stderr = job(warn)
    assert (code, asked(tmp_path)) == (130, "requeue 77\n")
    assert "SLURM has queued job 77 again; it goes on from here." in stderr
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_what_the_work_says_of_its_interruption_stays(job: Job, tmp_path: Path) -> None:
    def work() -> None:
        try:
            warn()
        except KeyboardInterrupt:
            raise Interrupted("Interrupted in prepare.", hint="Run the same command again.") from None

    code, stderr = job(work)
    assert (code, asked(tmp_path)) == (130, "requeue 77\n")
    assert stderr.splitlines()[-2:] == [
        "error: Interrupted in prepare.",
        "hint: SLURM has queued job 77 again; it goes on from here.",
    ]


def test_slurm_ending_the_job_it_has_queued_again_does_not_cut_the_message_short(job: Job, tmp_path: Path) -> None:
    code, stderr = job(warn, more="kill -TERM $PPID; kill -USR1 $PPID")
    assert (code, asked(tmp_path)) == (130, "requeue 77\n")
    assert "SLURM has queued job 77 again" in stderr


def test_other_interruptions_queue_nothing(job: Job, tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        code, stderr = job(lambda number=number: signal.raise_signal(number))
        assert (code, asked(tmp_path)) == (130, "")
        assert "Run the same command again" in stderr


def test_processes_that_follow_leave_it_to_the_first_one(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    assert job(warn)[0] == 0
    assert asked(tmp_path) == ""


def test_outside_a_job_the_signal_is_nobodys_business(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID")
    found: list[object] = []
    assert job(lambda: found.append(signal.getsignal(signal.SIGUSR1)))[0] == 0
    assert found == [signal.SIG_DFL]
