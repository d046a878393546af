"""Kill the making of LibriMix again and again, then compare. Run by test_kills.py in a process of its own: it forks.

python crash.py FOLDER KILLS
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpora import librimix as lists
from corpora import librispeech, wham_noise
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librimix import LibriMix
from separate_cli.stages import prepare


def make(folder: Path, inputs: dict[str, Path]) -> None:
    folder.mkdir(exist_ok=True)
    prepare.run(LibriMix(kind="librimix", executor="local:1"), StageContext(folder, inputs))


def attempt(folder: Path, inputs: dict[str, Path], *, kill_after: float = 0.0) -> bool:
    """Make the corpus in a forked child; whether it got to the end."""
    child = os.fork()
    if child == 0:
        make(folder, inputs)
        os._exit(0)
    if kill_after:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


def content(folder: Path) -> dict[str, bytes]:
    """All files but the journal, which the pipeline deletes, and what killed children were writing."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in files if path.name != "journal.jsonl" and ".tmp" not in path.name]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


if __name__ == "__main__":
    root, wanted = Path(sys.argv[1]), int(sys.argv[2])
    speech, noise = librispeech.make(root / "LibriSpeech"), wham_noise.make(root / "wham_noise")
    sources = {
        "speech.librispeech.path": speech,
        "noise.wham_noise.path": noise,
        "lists": lists.make(root / "lists", speech, noise, rows=4),
    }
    make(root / "whole", sources)  # here, so that no child has to import what is imported late
    started = time.monotonic()
    assert attempt(root / "again", sources)
    length, expected = time.monotonic() - started, content(root / "whole")
    assert len(expected) > 50
    chance, kills, trial = random.Random(3), 0, 0
    while kills < wanted:
        trial += 1
        while not attempt(root / f"{trial}", sources, kill_after=chance.uniform(0.01, length)):
            kills += 1
        found = content(root / f"{trial}")
        assert found == expected, sorted(found.keys() ^ expected.keys())
    print("kills", kills)
