"""SLURM ends jobs when their time is up; one that asks for a signal before (``--signal=USR1@120``) queues itself again.

SIGUSR1 --in training: Resume--> state saved --requeue--> scontrol requeue JOB --> the same command goes on
        --anywhere else: cli.command--> interrupted --requeue-->
"""

from __future__ import annotations

import os
import signal
import subprocess

__all__ = ["SIGNALS", "requeue", "requeue_signals"]

SIGNALS: tuple[signal.Signals, ...] = (signal.SIGUSR1,) if hasattr(signal, "SIGUSR1") else ()
"""Those that ask for it; none on Windows."""

_SECONDS = 60


def requeue_signals() -> tuple[signal.Signals, ...]:
    """The signals to listen to here: none outside a job of SLURM's."""
    return SIGNALS if "SLURM_JOB_ID" in os.environ else ()


def requeue() -> str:
    """Put the running job back into the queue; says in a sentence whether that has worked."""
    job = os.environ.get("SLURM_JOB_ID", "")
    if "SLURM_ARRAY_JOB_ID" in os.environ:
        job = f"{os.environ['SLURM_ARRAY_JOB_ID']}_{os.environ.get('SLURM_ARRAY_TASK_ID', '0')}"
    try:
        done = subprocess.run(  # noqa: S603  SLURM's own program, wherever it is installed
            ["scontrol", "requeue", job],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"The job could not be queued again ({error}): submit it again, and it goes on from here."
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        return f"SLURM did not queue the job again ({reason}): submit it again, and it goes on from here."
    return f"SLURM has queued job {job} again; it goes on from here."
