"""What lies in a workspace: every run, every stage, done or not, and why not. Reads records only, hashes nothing.

exp/RUN/run.json          which stages the run has, in order, and the recipe and overrides that it was made with
exp/RUN/recipe.yaml       that recipe, with all its fields
exp/RUN/STAGE/KEY...      see ``store``
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from separate_cli.files import write_json, write_text
from separate_cli.pipeline.lock import holder
from separate_cli.pipeline.reasons import ago
from separate_cli.pipeline.record import Record, read_attempt, read_record
from separate_cli.pipeline.store import Slot

__all__ = ["Holding", "headline", "note_run", "noted_if_done", "take_inventory"]

RUN_FILE = "run.json"
RECIPE_FILE = "recipe.yaml"
METRICS_FILE = "metrics.json"

Standing = Literal["done", "running", "partial", "damaged", "stale", "older", "missing"]


@dataclass(frozen=True)
class Holding:
    """One result, finished or not, or the lack of it.

    ``older`` marks a finished result that a newer one with other settings has taken the place of. ``moment`` is when
    it was finished, or last begun. ``score`` is the ``headline`` of its ``metrics.json``, so far if it is running.
    """

    run: str
    stage: str
    state: Standing
    reason: str
    folder: Path | None = None
    moment: float | None = None
    bytes: int = 0
    score: Mapping[str, float] | None = None


def note_run(folder: Path, *, recipe: str, overrides: list[str], stages: list[str]) -> None:
    """Write down what a run folder (``exp/RUN``) was made for."""
    write_json(folder / RUN_FILE, {"recipe": recipe, "overrides": overrides, "stages": stages})


@contextmanager
def noted_if_done(folder: Path) -> Iterator[None]:
    """What is noted of a run stays as it was if what is done meanwhile fails or is interrupted.

    Else a run would be remembered by settings that it never had.
    """
    notes = [path for path in (folder / RUN_FILE, folder / RECIPE_FILE) if path.is_file()]
    before = {path: path.read_text(encoding="utf-8") for path in notes}
    try:
        yield
    except BaseException:
        for path, text in before.items():
            write_text(path, text)
        raise


def take_inventory(workspace: Path) -> list[Holding]:
    """Everything under ``exp/``, run by run, in the order of their stages."""
    holdings: list[Holding] = []
    for folder in sorted((workspace / "exp").glob("*")):
        if folder.is_dir() and not folder.name.startswith("."):
            latest: dict[str, Record] = {}
            for stage in _stages(folder):
                holdings.extend(_stage(folder, stage, latest))
    return holdings


def _stages(folder: Path) -> list[str]:
    """Stage names: as noted, then by when they were first finished."""
    noted = _document(folder / RUN_FILE).get("stages", [])
    known = [str(name) for name in noted] if isinstance(noted, list) else []
    found = [path.name for path in sorted(folder.glob("*"), key=_age) if path.is_dir() and path.name not in known]
    return known + found


def _age(path: Path) -> tuple[float, str]:
    records = [record for child in path.glob("*") if (record := read_record(child))]
    return min((record.started for record in records), default=float("inf")), path.name


def _stage(run: Path, stage: str, latest: dict[str, Record]) -> Iterator[Holding]:
    folder = run / stage
    records = sorted(
        (record for child in folder.glob("*") if "." not in child.name and (record := read_record(child))),
        key=lambda record: record.finished,
        reverse=True,
    )
    attempts = sorted(folder.glob("*.part"))
    for record in records[:1]:
        latest[stage] = record
        state, reason = _standing(record, latest)
        yield _done(run.name, record, state, reason)
    for part in attempts:
        yield _unfinished(run.name, stage, part)
    for record in records[1:]:
        yield _done(run.name, record, "older", f"done {ago(record.finished)}, with other settings or inputs")
    if not records and not attempts:
        yield Holding(run.name, stage, "missing", "never run")


def _standing(record: Record, latest: Mapping[str, Record]) -> tuple[Standing, str]:
    for name, output in record.essential().items():
        path = record.folder / name
        if not path.is_file() or path.stat().st_size != output.bytes:
            return "damaged", f"{name} is gone or was changed"
    changed = [
        name
        for name, content in record.inputs.items()
        if name in latest and latest[name].content().digest != content.digest
    ]
    if changed:
        return "stale", f"{', '.join(changed)} changed since"
    return "done", f"done {ago(record.finished)}"


def _done(run: str, record: Record, state: Standing, reason: str) -> Holding:
    return Holding(
        run,
        record.stage,
        state,
        reason,
        record.folder,
        record.finished,
        _bytes_in(record.folder),
        headline(record.folder),
    )


def _unfinished(run: str, stage: str, part: Path) -> Holding:
    attempt = read_attempt(part)
    owner = holder(Slot(part.parent, part.stem).lock)
    what = {"extend": "more budget, ", "redo": "redo, "}.get(attempt.mode, "") if attempt else ""
    since = f"begun {ago(attempt.started)}" if attempt else "almost done"
    reason = f"{what}{since}" + (f", by {owner}" if owner else ", then stopped; the same command goes on")
    moment = attempt.started if attempt else None
    standing: Standing = "running" if owner else "partial"
    return Holding(run, stage, standing, reason, part, moment, _bytes_in(part), headline(part))


def headline(folder: Path) -> dict[str, float] | None:
    """The few scores that sum a result up: ``headline`` of its ``metrics.json``, None where there is none."""
    scores = _document(folder / METRICS_FILE).get("headline")
    if not isinstance(scores, dict):
        return None
    return {str(name): float(value) for name, value in scores.items() if isinstance(value, (int, float))}


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # gone since: another process is at work
    return total


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
