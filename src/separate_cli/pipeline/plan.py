"""What would be done, and why, without doing it.

stages + workspace --hash inputs, read records--> Plan of Steps

fresh    done; its files are what was recorded
missing  never done
stale    done with other settings or inputs, or its files were damaged
partial  a killed attempt is there; it goes on
extend   done, but the budget was raised; the finished result goes on
redo     asked for (``--fresh``)
waits    an earlier stage has to run first; its result decides
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from separate_cli.errors import InputError, UsageError
from separate_cli.pipeline.hashes import Content, HashCache
from separate_cli.pipeline.key import stage_key
from separate_cli.pipeline.lock import holder
from separate_cli.pipeline.reasons import ago, changes, newest, raised
from separate_cli.pipeline.record import STATE, Record, damage, read_record
from separate_cli.pipeline.stage import Source, Stage
from separate_cli.pipeline.store import Slot
from separate_cli.progress import SILENT, Progress
from separate_cli.registry import Registry

__all__ = ["CACHE_FILE", "SHARED", "Plan", "Planner", "State", "Step", "make_plan"]

State = Literal["fresh", "missing", "stale", "partial", "extend", "redo", "waits"]

_Verdict = tuple[State, str, Record | None]

CACHE_FILE = Path("exp", ".hashes.sqlite")
"""Where a workspace remembers content hashes."""
SHARED = "corpora"
"""The run that stages belong to whose results serve all runs."""


@dataclass(frozen=True)
class Step:
    """One stage of a plan.

    ``slot`` and ``inputs`` are known unless the stage ``waits``; ``record`` is the finished result, when it is whole.
    """

    stage: Stage
    state: State
    reason: str
    slot: Slot | None = None
    inputs: Mapping[str, Content] | None = None
    record: Record | None = None

    def __str__(self) -> str:
        return f"{self.stage.name}: {self.state}, {self.reason}"


@dataclass(frozen=True)
class Plan:
    """Stages in order with their states, for the run ``exp/RUN`` of a workspace; ``fresh`` names those to redo."""

    workspace: Path
    run: str
    steps: tuple[Step, ...]
    fresh: frozenset[str] = frozenset()

    @property
    def is_done(self) -> bool:
        """Whether nothing has to run."""
        return all(step.state == "fresh" for step in self.steps)


def make_plan(
    stages: Sequence[Stage],
    *,
    workspace: Path,
    run: str,
    until: str | None = None,
    fresh: Collection[str] = (),
    progress: Progress = SILENT,
) -> Plan:
    """Say for every stage whether it has to run, and why.

    Args:
        stages: In order; a stage comes after those whose output it reads.
        workspace: The folder that holds ``exp/``.
        run: Name of the run: ``exp/RUN``.
        until: Only this stage and those that it needs.
        fresh: Names of stages to redo from scratch.
        progress: Where to report the reading of inputs.

    Raises:
        UsageError: If there is no stage ``until``, or if ``run`` cannot be the name of a folder.
        InputError: If files of the user's that a stage reads are missing; names all of them. If a budget was raised,
            and what the stage would go on from is gone.
    """
    if not re.fullmatch(r"\w[\w.+-]*", run):
        raise UsageError(f"A run is a folder: expected letters, digits, or any of ._+- in its name, got {run!r}.")
    stages = _up_to(stages, until)
    _check_sources(stages, workspace)
    with HashCache(workspace / CACHE_FILE) as hashes:
        planner = Planner(workspace, run, hashes, fresh=fresh, progress=progress)
        steps: dict[str, Step] = {}
        for stage in stages:
            steps[stage.name] = planner.step(stage, steps)
    return Plan(workspace, run, tuple(steps.values()), frozenset(fresh))


class Planner:
    """Decides stage by stage; remembers what it has read."""

    def __init__(
        self,
        workspace: Path,
        run: str,
        hashes: HashCache,
        *,
        fresh: Collection[str] = (),
        progress: Progress = SILENT,
    ) -> None:
        self.workspace = workspace
        self.folder = workspace / "exp" / run
        self.hashes = hashes
        self.fresh = fresh
        self.progress = progress
        self._sources: dict[Source, Content] = {}

    def step(self, stage: Stage, earlier: Mapping[str, Step], *, locked: bool = False) -> Step:
        """The step of a stage, given the steps of the stages before it; ``locked`` if this process holds its lock."""
        waits_for = [
            other.name
            for other in stage.inputs.values()
            if isinstance(other, Stage) and earlier[other.name].state != "fresh"
        ]
        if waits_for:
            return Step(stage, "waits", f"waits for {', '.join(dict.fromkeys(waits_for))}")
        inputs = {name: self._content(name, source, earlier) for name, source in stage.inputs.items()}
        digests = {name: content.digest for name, content in inputs.items()}
        key = stage_key(stage.name, stage.version, stage.spec.identity(), digests)
        slot = Slot((self.workspace / "exp" / SHARED if stage.shared else self.folder) / stage.name, key)
        state, reason, record = self._judge(stage, slot, inputs, locked=locked)
        return Step(stage, state, reason, slot, inputs, record)

    def _content(self, name: str, source: Stage | Source, earlier: Mapping[str, Step]) -> Content:
        if isinstance(source, Stage):
            record = earlier[source.name].record
            if record is None:
                raise ValueError(f"The step {source.name} is fresh, but has no record.")
            return record.content()
        if source not in self._sources:
            path = self.workspace / source.path
            self._sources[source] = self.hashes.tree(path, source.patterns, name=name, progress=self.progress)
        return self._sources[source]

    def _judge(self, stage: Stage, slot: Slot, inputs: Mapping[str, Content], *, locked: bool) -> _Verdict:
        record = slot.record()
        broken = damage(record, self.hashes) if record else ""
        whole = record if not broken else None
        attempt, begun = slot.attempt(), _begun(slot, locked=locked)
        if stage.name in self.fresh and (record or attempt):
            return "redo", "asked for", whole
        if attempt and attempt.mode == "redo":
            return "partial", f"redo {begun}", whole
        if whole:
            more = raised(stage.spec.allowance(), whole.allowance)
            if more:
                _check_state(whole, slot.part if attempt else slot.finished, more)
            extend: _Verdict = "extend", ", ".join(filter(None, [more, begun])), whole
            return extend if more else ("fresh", f"done {ago(whole.finished)}", whole)
        if begun:
            return "partial", begun, None
        last = None if stage.shared else newest(slot.parent)
        if broken or last is None:
            return ("stale", broken, None) if broken else ("missing", "never run", None)
        return "stale", changes(last, version=stage.version, spec=stage.spec.identity(), inputs=inputs), None


def _check_state(record: Record, folder: Path, more: str) -> None:
    """A result that has lost what it goes on from would be made anew, under the name of going on."""
    if STATE in record.outputs and not (folder / STATE).is_file():
        raise InputError(
            f"{record.stage} cannot go on, {more}: {folder / STATE} is gone.",
            hint="Put it back, or add --fresh to begin anew; the finished result stays until that is done.",
        )


def _begun(slot: Slot, *, locked: bool) -> str:
    """What is known of an unfinished attempt, in words; empty when there is none."""
    attempt = slot.attempt()
    if attempt is None:
        return "made, and only has to be put in place" if read_record(slot.part) else ""
    owner = None if locked else holder(slot.lock)
    return f"begun {ago(attempt.started)}" + (f", now run by {owner}" if owner else "")


def _up_to(stages: Sequence[Stage], until: str | None) -> Sequence[Stage]:
    names = [stage.name for stage in stages]
    if until is None:
        return stages
    if until not in names:
        known = Registry[str]("stage")
        for name in names:
            known.register(name, name)
        raise UsageError(known.unknown(until), hint=f"The stages are: {', '.join(names)}.")
    needed = _with_needs(stages[names.index(until)])
    return [stage for stage in stages if stage.name in needed]


def _with_needs(stage: Stage) -> set[str]:
    others = [_with_needs(other) for other in stage.inputs.values() if isinstance(other, Stage)]
    return {stage.name}.union(*others)


def _check_sources(stages: Sequence[Stage], workspace: Path) -> None:
    missing = {
        workspace / source.path: f"{stage.name} needs {name}: {workspace / source.path} does not exist"
        for stage in reversed(stages)
        for name, source in stage.inputs.items()
        if isinstance(source, Source) and not (workspace / source.path).exists()
    }
    if missing:
        text = "; ".join(reversed(missing.values()))
        raise InputError(f"{text}.", hint="Correct the path in the recipe or with --set, or put the files there.")
