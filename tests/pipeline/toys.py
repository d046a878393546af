"""Toy stages for the pipeline's tests: they count, add and climb, and can be killed at any instant.

numbers --count--> lines.txt, parts/ --total--> total.txt
climb (budget: steps) --> state.json, top.txt
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import ClassVar

from separate_cli.files import write_json, write_text
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.runner import run_plan
from separate_cli.pipeline.stage import Source, Stage, StageContext
from separate_cli.specs.base import Spec


class CountSpec(Spec):
    runtime: ClassVar[frozenset[str]] = frozenset({"workers"})

    n_lines: int = 5
    seed: int = 0
    workers: int = 1


class TotalSpec(Spec):
    scale: int = 1


class ClimbSpec(Spec):
    budget: ClassVar[frozenset[str]] = frozenset({"steps", "patience"})

    slope: float = 1.5
    steps: int = 4
    patience: int | None = 3


def count(spec: CountSpec, context: StageContext) -> None:
    """Append line by line, so that a kill leaves half a line; one file a line beside it."""
    start = (context.inputs["numbers"] / "start.txt").read_text() if "numbers" in context.inputs else "0"
    lines = context.folder / "lines.txt"
    whole = lines.read_bytes().count(b"\n") if lines.exists() else 0
    if lines.exists():
        kept = b"".join(lines.read_bytes().splitlines(keepends=True)[:whole])
        with lines.open("r+b") as stream:
            stream.truncate(len(kept))
    with lines.open("ab", buffering=0) as stream:
        for number in range(whole, spec.n_lines):
            stream.write(b"%d" % (int(start) + number * (spec.seed + 1)))
            stream.write(b"\n")
    for number in range(spec.n_lines):
        part = context.folder / "parts" / f"{number}.txt"
        if not part.exists():
            write_text(part, hashlib.sha256(bytes([number])).hexdigest())


def total(spec: TotalSpec, context: StageContext) -> None:
    lines = (context.inputs["count"] / "lines.txt").read_text().split()
    write_text(context.folder / "total.txt", str(spec.scale * sum(map(int, lines))))
    write_text(context.folder / "log.csv", "who knows when")


def climb(spec: ClimbSpec, context: StageContext) -> None:
    """One state file a step; what comes out depends on every step."""
    state_file = context.folder / "state.json"
    state = json.loads(state_file.read_text()) if state_file.exists() else {"step": 0, "height": "start"}
    while state["step"] < spec.steps:
        height = hashlib.sha256(f"{state['height']} {spec.slope}".encode()).hexdigest()
        state = {"step": state["step"] + 1, "height": height}
        write_json(state_file, state)
    write_text(context.folder / "top.txt", state["height"])


def stages(
    *, n_lines: int = 5, seed: int = 0, scale: int = 1, steps: int = 4, workers: int = 1, version: int = 1
) -> tuple[Stage, ...]:
    """count → total, and climb, which reads total."""
    spec = CountSpec(n_lines=n_lines, seed=seed, workers=workers)
    first = Stage("count", version, spec, partial(count, spec), {"numbers": Source(Path("numbers"))})
    add = TotalSpec(scale=scale)
    second = Stage("total", 1, add, partial(total, add), {"count": first}, incidental=("*.csv",))
    up = ClimbSpec(steps=steps)
    return first, second, Stage("climb", 1, up, partial(climb, up), {"total": second})


def workspace(folder: Path, start: int = 3) -> Path:
    """A workspace with the file that ``count`` reads."""
    write_text(folder / "numbers" / "start.txt", str(start))
    return folder


def plan(root: Path, *, fresh: tuple[str, ...] = (), until: str | None = None, **settings: int):
    return make_plan(stages(**settings), workspace=root, run="toy", fresh=fresh, until=until)


def run(root: Path, *, fresh: tuple[str, ...] = (), **settings: int):
    """Plan and run all stages; the records."""
    return run_plan(plan(root, fresh=fresh, **settings))


def results(root: Path) -> dict[str, bytes]:
    """Every file of every finished result; of ``stage.json`` only what must not change."""
    found = {}
    for path in sorted((root / "exp").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() or path.name.startswith(".") or "." in path.relative_to(root).parts[3]:
            continue
        content = path.read_bytes()
        if path.name == "stage.json":
            document = json.loads(content)
            content = json.dumps([document[key] for key in ("key", "spec", "inputs", "outputs")]).encode()
        found[name] = content
    return found


def leftovers(root: Path) -> list[str]:
    """What a finished pipeline must not leave: unfinished folders, temporary files."""
    names = [path.relative_to(root).as_posix() for path in (root / "exp").rglob("*")]
    marks = (".part", ".seed", ".old", ".trash", ".tmp", ".owner", "attempt.json")
    return [name for name in names if any(mark in name for mark in marks)]
