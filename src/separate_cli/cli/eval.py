"""``sep eval``: score a trained model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from separate_cli.cli.choices import DryRunFlag, FreshFlag, NameOption, RootOption, SetOption, WaitFlag
from separate_cli.cli.command import command
from separate_cli.errors import PartialFailure, UsageError

__all__ = ["register"]

RunArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]", help="A run: its name, or its folder exp/NAME. See: sep status", show_default=False
    ),
]
RecipeOption = Annotated[
    str | None, typer.Option("--recipe", "-r", metavar="RECIPE", help="A recipe instead of a run. See: sep recipes ls")
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", "-m", metavar="MODEL", help="Score this model instead of the one that the recipe trains."),
]


def register(app: typer.Typer) -> None:
    """Add ``sep eval``."""
    command(app, "eval")(evaluate)


def evaluate(
    run: RunArgument = None,
    *,
    recipe: RecipeOption = None,
    model: ModelOption = None,
    overrides: SetOption = None,
    fresh: FreshFlag = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    root: RootOption = None,
) -> None:
    """Score a model on its recipe's test set; trains it first if it has to be.

    Example: sep eval --recipe demask --model demask
    """
    from separate_cli.cli.carry_out import carry_out
    from separate_cli.report.console import out

    if (run is None) == (recipe is None):
        raise UsageError("Expected either a run or a recipe.", hint="sep eval RUN, or: sep eval --recipe RECIPE")
    changes = list(overrides or ())
    if run is not None:
        name, recipe, remembered = _recall(run, root)
        changes = remembered + changes
    if model is not None:
        changes += _instead(model)
        name = f"{name or Path(recipe or '').stem}+{Path(model).stem}"
    redo = {"eval"} if fresh else False
    records = carry_out(
        recipe or "", changes, root=root, name=name, until="eval", fresh=redo, dry_run=dry_run, wait=wait
    )
    if records is None:
        return
    folder = records["eval"].folder
    scores = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    out.result({"folder": str(folder), "ran": records["eval"].ran, **scores})
    _show(scores)
    out.line(str(folder))
    if scores["failures"]:
        first, why = next(iter(scores["failures"].items()))
        raise PartialFailure(
            f"{len(scores['failures'])} trials failed, the first one is {first}: {why}",
            hint=f"The column error of {folder / 'results.csv'} has them all; to try again: --fresh",
        )


def _recall(run: str, root: Path | None) -> tuple[str, str, list[str]]:
    """Name, recipe and overrides of an earlier run."""
    from separate_cli.pipeline.inventory import RUN_FILE
    from separate_cli.settings import workspace

    given = Path(run).absolute()
    for folder in (workspace(root) / "exp" / run, given, *given.parents):
        if (folder / RUN_FILE).is_file():
            noted = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
            return folder.name, noted["recipe"], noted["overrides"]
    raise UsageError(f"There is no run {run!r} in {workspace(root) / 'exp'}.", hint="See: sep status")


def _instead(model: str) -> list[str]:
    """Overrides that put a finished model in the place of the recipe's training."""
    from separate_cli.hub.references import locate

    return ["train=null", f"eval.model={json.dumps(str(locate(model).absolute()))}"]


def _show(scores: dict[str, Any]) -> None:
    """The table of all conditions, and what was left out."""
    from separate_cli.metrics.summary import Statistic, summary_table
    from separate_cli.report.console import out

    rows: list[list[str]] = []
    columns: list[str] = []
    for condition, numbers in scores["conditions"].items():
        statistics = {
            name: Statistic(**{**one, **{key: math.nan for key, value in one.items() if value is None}})
            for metric in scores["metrics"]
            for name, one in numbers.items()
            if name in {metric, f"input_{metric}", f"{metric}_imp", f"oracle_{metric}"}
        }
        columns, found = summary_table(statistics)
        rows += [[condition, *row] for row in found]
    out.table(["condition", *columns], rows)
    for why, count in scores["reasons"].items():
        out.note(f"Without a score in {count} rows: {why}")
    for condition, why in scores["left_out"].items():
        out.note(f"The condition {condition} was left out: {why}.")
