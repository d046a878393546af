"""Kill the toy pipeline again and again, then compare. Run by test_kill.py in a process of its own: it forks.

python crash.py FOLDER random TRIALS   SIGKILL after a random delay, until it gets through
python crash.py FOLDER first           SIGKILL at the n-th change of a file or folder, for every n; nothing done before
python crash.py FOLDER extend          the same, raising the budget of a finished run
python crash.py FOLDER redo            the same, redoing a finished run from scratch
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import toys

Settings = dict[str, Any]
TOUCHES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def attempt(root: Path, settings: Settings, *, kill_at: int = 0, kill_after: float = 0.0) -> bool:
    """Run the pipeline in a forked child; whether it got to the end."""
    child = os.fork()
    if child == 0:
        if kill_at:
            seen = 0

            def hook(event: str, arguments: tuple[Any, ...]) -> None:
                nonlocal seen
                if event in TOUCHES or (event == "open" and arguments[2] & WRITES):
                    seen += 1
                    if seen == kill_at:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(hook)
        toys.run(root, **settings)
        os._exit(0)
    if kill_after:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


def same(root: Path, expected: dict[str, bytes]) -> None:
    found = toys.results(root)
    assert found == expected, (sorted(found), sorted(expected))
    assert not toys.leftovers(root), toys.leftovers(root)


def at_random(folder: Path, trials: int) -> None:
    expected_root = toys.workspace(folder / "expected")
    started = time.monotonic()
    assert attempt(expected_root, {"n_lines": 8, "steps": 8})
    length = time.monotonic() - started
    expected = toys.results(expected_root)
    assert len(expected) > 10
    kills, chance = 0, random.Random(7)
    while kills < trials:
        root = toys.workspace(folder / f"{kills}")
        while not attempt(root, {"n_lines": 8, "steps": 8}, kill_after=chance.uniform(0.001, length)):
            kills += 1
        same(root, expected)
    print("kills", kills)


def at_each(folder: Path, before: Settings | None, after: Settings, again: Settings) -> None:
    """Kill ``after`` at each operation; ``again`` must bring it to the end, and what was done ``before`` stays done."""
    start = toys.workspace(folder / "start")
    if before:
        assert attempt(start, before)
    expected_root = folder / "expected"
    shutil.copytree(start, expected_root)
    assert attempt(expected_root, after)
    expected = toys.results(expected_root)
    kills = 0
    while True:
        root = folder / f"{kills}"
        shutil.copytree(start, root)
        if attempt(root, after, kill_at=kills + 1):
            break
        if before and "fresh" not in after:
            assert not any(record.ran for record in toys.run(root, **before)), "the finished result was lost"
        assert attempt(root, again)
        same(root, expected)
        shutil.rmtree(root)
        kills += 1
    print("kills", kills)


SMALL: Settings = {"n_lines": 2, "steps": 2}
SCENES: dict[str, tuple[Settings | None, Settings, Settings]] = {
    "first": (None, SMALL, SMALL),
    "extend": (SMALL, {**SMALL, "steps": 4}, {**SMALL, "steps": 4}),
    "redo": (SMALL, {**SMALL, "fresh": ("total", "climb")}, SMALL),
}

if __name__ == "__main__":
    target = Path(sys.argv[1])
    if sys.argv[2] == "random":
        at_random(target, int(sys.argv[3]))
    else:
        at_each(target, *SCENES[sys.argv[2]])
