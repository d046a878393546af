"""What ``sep run``, ``sep train``, ``sep eval`` and ``sep data prepare`` have in common: a recipe, carried out.

recipe + overrides --load--> Recipe --assemble--> stages --plan--> shown, then run
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from separate_cli.cli.supplies import Supplies
from separate_cli.errors import UsageError

if TYPE_CHECKING:
    from separate_cli.pipeline.plan import Plan
    from separate_cli.pipeline.record import Record
    from separate_cli.pipeline.stage import Stage
    from separate_cli.recipes.recipe import Recipe

__all__ = ["carry_out", "closing_notes", "stages_from"]

_NONE = Supplies()


def carry_out(
    recipe: str,
    overrides: Sequence[str] | None = None,
    *,
    root: Path | None = None,
    name: str | None = None,
    until: str | None = None,
    fresh: bool | Collection[str] = False,
    dry_run: bool = False,
    wait: bool = False,
    shard: str | None = None,
    change: Callable[[tuple[Stage, ...]], tuple[Stage, ...]] | None = None,
    supplies: Supplies = _NONE,
) -> dict[str, Record] | None:
    """Run a recipe's stages, or with ``dry_run`` only say what would be done.

    Args:
        recipe: Name or file of the recipe.
        overrides: ``--set`` arguments.
        root: The workspace.
        name: Name of the run; the recipe's if None.
        until: The last stage to run; the recipe's last if None.
        fresh: Redo from scratch: all stages, or those named.
        dry_run: Do nothing.
        wait: Wait for another process at work on the same result.
        shard: Make only this share of the last stage, ``"2/8"``.
        supplies: What to do about data that are not here.
        change: Gives other stages in place of the recipe's: a trial, which makes no run of its own.

    Returns:
        Stage name → its record; None after a dry run; empty while other shares are missing. ``--json`` already has its
        result.

    Raises:
        SepError: Whatever is wrong with the recipe, its inputs or the disk.
    """
    from separate_cli.files import write_text
    from separate_cli.inference.process import TRAINING_BYTES, tune_process
    from separate_cli.pipeline.inventory import note_run
    from separate_cli.pipeline.plan import make_plan
    from separate_cli.pipeline.runner import Event, run_plan, run_shard
    from separate_cli.pipeline.shards import Shard
    from separate_cli.recipes.load import load_with_origins
    from separate_cli.recipes.show import as_yaml
    from separate_cli.report.console import out
    from separate_cli.settings import workspace
    from separate_cli.stages.assemble import assemble
    from separate_cli.stages.preflight import refuse_the_impossible

    loaded, origins = load_with_origins(recipe, overrides or ())
    last = until if change is None else "train"
    _check_stage(loaded, recipe, last)
    if not dry_run:
        tune_process(TRAINING_BYTES)
        refuse_the_impossible(loaded, origins, workspace(root) / "exp" / (name or loaded.name), until=last)
    if not supplies.provide(loaded, workspace(root), dry_run=dry_run):
        return None
    stages = assemble(loaded) if change is None else change(assemble(loaded))
    names = [stage.name for stage in stages]
    redo = set(names) if fresh is True else set(fresh or ())
    plan = make_plan(stages, workspace=workspace(root), run=name or loaded.name, until=until, fresh=redo, progress=out)
    if dry_run:
        _show(plan)
        return None
    own = [stage.name for stage in stages if not stage.shared]
    if own and change is None and not plan.is_done:
        folder = plan.workspace / "exp" / plan.run
        note_run(folder, recipe=recipe, overrides=list(overrides or ()), stages=own)
        write_text(folder / "recipe.yaml", as_yaml(loaded) + "\n")

    def tell(event: Event) -> None:
        out.tell("stage", f"{event.stage}: {event.text}", stage=event.stage, kind=event.kind)

    if shard is None:
        records = run_plan(plan, progress=out, on_event=tell, wait=wait)
    elif plan.fresh:
        raise UsageError("--fresh and --shard do not go together.", hint="Delete the old result instead.")
    else:
        records = run_shard(plan, Shard.parse(shard), progress=out, on_event=tell)
    out.result({"run": plan.run, "workspace": str(plan.workspace), "stages": [_describe(one) for one in records]})
    return {record.stage: record for record in records}


def _check_stage(loaded: Recipe, recipe: str, stage: str | None) -> None:
    """Refuse a stage that a recipe does not have, before anything is fetched for it.

    Raises:
        UsageError: If it has none of that name.
    """
    from separate_cli.registry import closest

    names = [section.name for section in loaded.sections]
    if stage is None or stage in names:
        return
    there = ", ".join(names)
    if stage == "train" and not any(section.verb == "train" for section in loaded.sections):
        raise UsageError(f"The recipe {loaded.name} trains nothing; it has: {there}.", hint=f"Run it: sep run {recipe}")
    raise UsageError(
        f"Unknown stage {stage!r}; the closest names are: {', '.join(closest(stage, names))}.",
        hint=f"The stages are: {there}.",
    )


def stages_from(recipe: str, overrides: Sequence[str] | None, first: str) -> set[str]:
    """The names of a recipe's stages from ``first`` on.

    Raises:
        UsageError: If it has no such stage.
    """
    from separate_cli.recipes.load import load_recipe

    names = [section.name for section in load_recipe(recipe, overrides or ()).sections]
    if first not in names:
        raise UsageError(f"The recipe has no stage {first!r}.", hint=f"Its stages are: {', '.join(names)}.")
    return set(names[names.index(first) :])


def closing_notes(records: Mapping[str, Record]) -> list[str]:
    """What to say at the end: the scores of each stage that has any, and what to do with a trained model."""
    from separate_cli.pipeline.inventory import headline

    notes = []
    for stage, record in records.items():
        scores = ", ".join(f"{name} {value:.3g}" for name, value in (headline(record.folder) or {}).items())
        notes.extend([f"{stage}: {scores}"] if scores else [])
    models = [r.folder / name for r in records.values() for name in r.essential() if name.endswith(".safetensors")]
    return notes + [f"Next: sep infer {path} FILES..." for path in models[-1:]]


def _show(plan: Plan) -> None:
    from separate_cli.report.console import out

    for step in plan.steps:
        out.line(str(step))
    steps = [
        {
            "stage": step.stage.name,
            "state": step.state,
            "reason": step.reason,
            "folder": None if step.slot is None else str(step.slot.finished),
        }
        for step in plan.steps
    ]
    out.result({"run": plan.run, "workspace": str(plan.workspace), "dry_run": True, "stages": steps})


def _describe(record: Record) -> dict[str, object]:
    from separate_cli.pipeline.inventory import headline

    return {
        "stage": record.stage,
        "ran": record.ran,
        "folder": str(record.folder),
        "key": record.key,
        "duration_seconds": round(record.duration_seconds, 3),
        "score": headline(record.folder),
    }
