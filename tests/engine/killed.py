"""Kill a training five times, then let it finish; print what killed it and the weights it ends with.

Run by test_fitting.py. Processes are forked where that is possible, because importing takes longer than training.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conftest import run_toy  # noqa: I001  the folder has to be on the path first

from separate_cli.data.sampling import Draw

DEATHS = (0, 3, 17, 30, 8)
"""After how many examples of an attempt the process is killed."""


def train(folder: Path, death: int | None) -> None:
    left = iter(range(-1 if death is None else death, -1, -1))

    def die(draw: Draw) -> None:
        if death is not None and next(left) == 0:
            os.kill(os.getpid(), 9)

    _, system = run_toy(folder, on_example=die, ema_decay=0.9)
    weights = b"".join(value.numpy().tobytes() for value in system.model.state_dict().values())
    (folder / "hash").write_text(hashlib.sha256(weights).hexdigest())


def attempt(folder: Path, death: int | None) -> int:
    """Train in a process of its own; which signal ended it, or 0."""
    if not hasattr(os, "fork"):
        command = [sys.executable, __file__, str(folder), "" if death is None else str(death)]
        return subprocess.run(command, check=False).returncode
    child = os.fork()
    if child == 0:
        train(folder, death)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * -1


if __name__ == "__main__":
    root = Path(sys.argv[1])
    if len(sys.argv) > 2:
        train(root, int(sys.argv[2]) if sys.argv[2] else None)
        sys.exit()
    killed = [attempt(root / "killed", death) for death in DEATHS]
    if attempt(root / "killed", None) or attempt(root / "whole", None):
        sys.exit("The training itself has failed.")
    hashes = {name: (root / name / "hash").read_text() for name in ("killed", "whole")}
    print(json.dumps({"killed": killed, "weights": hashes["killed"], "uninterrupted": hashes["whole"]}))
