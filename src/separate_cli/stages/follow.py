"""The other side of ``together``: processes that take part in a training which another process leads.

    sep train ... (ranks from 1 on of torchrun or srun), or python -m separate_cli.stages.follow
        --follow--> train_together

Checked: tests/stages/test_together.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from separate_cli.engine.launching import end_with_the_leader
from separate_cli.engine.ranks import Ranks
from separate_cli.errors import Interrupted, SepError
from separate_cli.inference.process import TRAINING_BYTES, tune_process
from separate_cli.pipeline.stage import StageContext
from separate_cli.report.console import out
from separate_cli.specs.train import TrainSpec

__all__ = ["dismissing", "follow", "is_follower"]


def is_follower() -> bool:
    """Whether torchrun or SLURM has started this process to follow another one; if so, it falls silent."""
    follows = not Ranks.of(os.environ).is_leader
    if follows:
        out.configure(mode="quiet")
    return follows


@contextmanager
def dismissing() -> Iterator[None]:
    """In a command: send home, in the end, the followers that torchrun or SLURM has started."""
    try:
        yield
    finally:
        around = Ranks.of(os.environ)
        if around.is_leader:
            around.dismiss()


def follow() -> None:
    """Take part in whatever the leader calls for, until it dismisses.

    Raises:
        SepError: If this process cannot go on; the leader is told why.
    """
    from separate_cli.stages.train import train_together

    for ranks, message in Ranks.of(os.environ).calls():
        spec = TrainSpec.model_validate(message["spec"])
        inputs = {name: Path(path) for name, path in message["inputs"].items()}
        try:
            train_together(spec, StageContext(Path(message["folder"]), inputs), ranks)
        except Interrupted:
            return  # all stop together, and the leader says so
        except SepError as error:
            ranks.report({"type": type(error).__name__, "message": error.message, "hint": error.hint})
            raise


def _main() -> int:
    tune_process(TRAINING_BYTES)
    end_with_the_leader()
    try:
        follow()
    except SepError as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main())
