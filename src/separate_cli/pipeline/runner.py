"""Do what a plan says: one stage after the other, each under its lock, each resumable.

decide ─ fresh? skip ─ lock ─ recover ─ decide again ─ work in .part ─ hash outputs ─ publish

A member of a job array works in .shards/2-of-8 instead; the last one to finish also does the above.
"""

from __future__ import annotations

import errno
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from separate_cli.errors import InputError, Interrupted, OutputError
from separate_cli.files import output_error, write_json
from separate_cli.pipeline.hashes import HashCache
from separate_cli.pipeline.lock import hold
from separate_cli.pipeline.plan import CACHE_FILE, Plan, Planner, Step
from separate_cli.pipeline.record import Attempt, Mode, Record, software
from separate_cli.pipeline.shards import DONE, Shard, is_complete, shard_folders
from separate_cli.pipeline.stage import Source, Stage, StageContext
from separate_cli.pipeline.store import Slot, collect, publish, recover, remove_orphans, work_folder
from separate_cli.progress import SILENT, Progress
from separate_cli.report.amounts import duration

__all__ = ["Event", "run_plan", "run_shard"]

_WRITE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
_T = TypeVar("_T")
_MODES: dict[str, Mode] = {"extend": "extend", "redo": "redo"}


@dataclass(frozen=True)
class Event:
    """Something that a run tells as it goes: the stage, what kind of news, and a sentence for people."""

    stage: str
    kind: Literal["skip", "start", "done", "notice"]
    text: str


def run_plan(
    plan: Plan,
    *,
    progress: Progress = SILENT,
    on_event: Callable[[Event], None] = lambda event: None,
    wait: bool = False,
) -> tuple[Record, ...]:
    """Run what has to run; the records of all stages of the plan, in order.

    A stage is judged again when its turn comes, because the stages before it, or another process, may have changed
    what it reads. ``Record.ran`` says which ones did work.

    Args:
        plan: From ``make_plan``.
        progress: Where to report progress.
        on_event: Told what happens.
        wait: Wait for another process that is at work on the same result, instead of failing.

    Raises:
        OutputError: If another process is at work, the folder is read-only, or the disk is full.
        InputError: If an input is missing.
        Interrupted: If the user stopped it. The next call goes on from there.
    """
    with HashCache(plan.workspace / CACHE_FILE) as hashes:
        planner = Planner(plan.workspace, plan.run, hashes, fresh=plan.fresh, progress=progress)
        run = _Run(planner, progress, on_event, wait)
        steps: dict[str, Step] = {}
        for planned in plan.steps:
            steps[planned.stage.name] = run.stage(planned.stage, steps)
    return tuple(step.record for step in steps.values() if step.record is not None)


def run_shard(
    plan: Plan,
    shard: Shard,
    *,
    progress: Progress = SILENT,
    on_event: Callable[[Event], None] = lambda event: None,
) -> tuple[Record, ...]:
    """Do one member's share of the last stage of a plan, and all of the stages before it.

    Args:
        plan: From ``make_plan``; its last stage can be shared out (``StageContext.shard``).
        shard: Which member of the job array this is.
        progress: Where to report progress.
        on_event: Told what happens.

    Returns:
        As ``run_plan`` if this was the last member to finish; else empty: the others are still at work, or to be run.

    Raises:
        SepError: As ``run_plan``.
    """
    with HashCache(plan.workspace / CACHE_FILE) as hashes:
        planner = Planner(plan.workspace, plan.run, hashes, progress=progress)
        run = _Run(planner, progress, on_event, wait=True)
        steps: dict[str, Step] = {}
        for planned in plan.steps[:-1]:
            steps[planned.stage.name] = run.stage(planned.stage, steps)
        is_last = run.share(plan.steps[-1].stage, shard, steps)
    return run_plan(plan, progress=progress, on_event=on_event, wait=True) if is_last else ()


@dataclass(frozen=True)
class _Run:
    planner: Planner
    progress: Progress
    on_event: Callable[[Event], None]
    wait: bool

    def stage(self, stage: Stage, earlier: dict[str, Step]) -> Step:
        """Bring one stage to ``fresh``."""
        step = self.planner.step(stage, earlier)
        slot = _known(step.slot)
        if step.state == "fresh":
            if not slot.is_tidy:
                with suppress(OutputError), hold(slot.lock):  # another process at work will tidy up itself
                    recover(slot, self.planner.hashes)
                step = self.planner.step(stage, earlier)
            return self._skip(step)
        with hold(slot.lock, wait=self.wait) as died:
            if died is not None:
                self._tell(stage, "notice", f"{died} ended without finishing; this process takes over")
            recover(slot, self.planner.hashes)
            step = self.planner.step(stage, earlier, locked=True)
            if step.state == "fresh":
                return self._skip(step)
            record = self._work(step, slot, earlier)
        self._tell(stage, "done", f"done in {duration(record.duration_seconds)}")
        return replace(step, state="fresh", reason="done just now", record=record)

    def share(self, stage: Stage, shard: Shard, earlier: dict[str, Step]) -> bool:
        """Do a member's share of a stage; whether all shares are done now."""
        step = self.planner.step(stage, earlier)
        slot = _known(step.slot)
        if step.state == "fresh":
            return True
        folder = slot.shards / str(shard)
        with hold(slot.shard_lock(str(shard)), wait=True):
            if not (folder / DONE).exists():
                self._tell(stage, "start", f"share {shard.index} of {shard.count}")
                with self._stoppable(stage):
                    folder.mkdir(parents=True, exist_ok=True)
                    remove_orphans(folder)
                    _call(stage, StageContext(folder, self._inputs(stage, earlier), self.progress, shard))
                write_json(folder / DONE, {"of": stage.name})
        self._tell(stage, "done", f"share {shard.index} of {shard.count} is done")
        return is_complete(slot.shards, shard.count)

    def _work(self, step: Step, slot: Slot, earlier: dict[str, Step]) -> Record:
        stage, started, clock = step.stage, time.time(), time.monotonic()
        self._tell(stage, "start", f"{step.state}, {step.reason}")
        attempt = Attempt(
            stage=stage.name,
            version=stage.version,
            key=slot.key,
            spec=stage.spec.identity(),
            allowance=stage.spec.allowance(),
            inputs=dict(_known(step.inputs)),
            mode=_MODES.get(step.state, "run"),
            started=started,
            host=platform.node(),
        )
        attempt, folder = work_folder(slot, attempt)
        shards = shard_folders(slot.shards)
        inputs = self._inputs(stage, earlier)
        with self._stoppable(stage), ExitStack() as locks:
            for shard in shards:
                locks.enter_context(hold(slot.shard_lock(shard.name), wait=self.wait))
            _call(stage, StageContext(folder, inputs, self.progress, shards=tuple(shards)))
            record = Record(
                **{name: getattr(attempt, name) for name in type(attempt).model_fields if name != "mode"},
                outputs=collect(folder, self.planner.hashes),
                incidental=stage.incidental,
                finished=time.time(),
                duration_seconds=time.monotonic() - clock,
                software=software(),
                ran=True,
            )
            return publish(slot, record, self.planner.hashes)

    @contextmanager
    def _stoppable(self, stage: Stage) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            without = ", without --fresh," if stage.name in self.planner.fresh else ""
            hint = f"Run the same command again{without} to go on from here."
            raise Interrupted(f"Interrupted in {stage.name}.", hint=hint) from None

    def _inputs(self, stage: Stage, earlier: dict[str, Step]) -> dict[str, Path]:
        return {name: self._where(source, earlier) for name, source in stage.inputs.items()}

    def _where(self, source: Stage | Source, earlier: dict[str, Step]) -> Path:
        if isinstance(source, Source):
            return self.planner.workspace / source.path
        return _known(earlier[source.name].record).folder

    def _skip(self, step: Step) -> Step:
        self._tell(step.stage, "skip", step.reason)
        return step

    def _tell(self, stage: Stage, kind: Literal["skip", "start", "done", "notice"], text: str) -> None:
        self.on_event(Event(stage.name, kind, text))


def _call(stage: Stage, context: StageContext) -> None:
    """Run a stage; an error of the operating system becomes one that says what the user can do."""
    try:
        stage.run(context)
    except OSError as error:
        path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
        if error.errno in _WRITE_ERRORS or (path and context.folder in path.parents):
            raise output_error(path or context.folder, error) from error
        if path is None:
            raise
        raise InputError(
            f"{stage.name} cannot read {path}: {error.strerror or error}.", hint="Check that it is there and readable."
        ) from error


def _known(value: _T | None) -> _T:
    if value is None:
        raise ValueError("A stage came before one that it depends on.")
    return value
