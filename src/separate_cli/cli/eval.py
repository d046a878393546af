"""``sep eval``: score a trained model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from separate_cli.cli.choices import (
    AcceptLicenceFlag,
    DryRunFlag,
    FreshFlag,
    MirrorOption,
    NameOption,
    RootOption,
    SetOption,
    WaitFlag,
    WithDataFlag,
)
from separate_cli.cli.command import command
from separate_cli.cli.supplies import Supplies
from separate_cli.cli.workforce import ShardOption
from separate_cli.errors import PartialFailure, UsageError

__all__ = ["register"]

SubjectArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN|MODEL]",
        help="A run: its name, or its folder exp/NAME (see: sep status). With --data or --recipe, a model: a name, a "
        "file, an address.",
        show_default=False,
    ),
]
_ON_A_FOLDER = "parts/evaluation"
"""The recipe that scores on a prepared folder."""
DataOption = Annotated[
    str | None,
    typer.Option("--data", "-d", metavar="FOLDER", help="A prepared folder, or a run, whose test set to score on."),
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
    subject: SubjectArgument = None,
    *,
    data: DataOption = None,
    recipe: RecipeOption = None,
    model: ModelOption = None,
    overrides: SetOption = None,
    fresh: FreshFlag = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    with_data: WithDataFlag = False,
    mirror: MirrorOption = None,
    accept_licence: AcceptLicenceFlag = False,
    shard: ShardOption = None,
    root: RootOption = None,
) -> None:
    """Score a model on a test set: a run's on its own, or any model on any prepared corpus.

    Example: sep eval demask --recipe demask
    """
    from separate_cli.cli.carry_out import carry_out
    from separate_cli.pipeline.inventory import noted_if_done
    from separate_cli.recipes.load import load_recipe
    from separate_cli.report.console import out
    from separate_cli.settings import workspace

    wish = _understand(subject, data=data, recipe=recipe, model=model, root=root)
    changes = _latest([*wish.overrides, *(overrides or ())])
    if wish.model is not None:
        changes += _instead(wish.model, wish.recipe, changes)
        wish = replace(wish, run=f"{wish.run or Path(wish.recipe).stem}+{Path(wish.model).stem}")
    run = name or wish.run or load_recipe(wish.recipe, changes).name
    with noted_if_done(workspace(root) / "exp" / run):
        records = carry_out(
            wish.recipe,
            changes,
            root=root,
            name=run,
            until="eval",
            fresh={"eval"} if fresh else False,
            dry_run=dry_run,
            wait=wait,
            shard=shard,
            supplies=Supplies(with_data, mirror, accept_licence),
        )
    if not records:
        if records is not None:
            out.note("This share is done; the scores are put together when all others are.")
        return
    folder = records["eval"].folder
    scores = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    out.result({"folder": str(folder), "ran": records["eval"].ran, **scores})
    _show(scores)
    if wish.model is None:
        _compare(wish.recipe, changes)
    out.line(str(folder))
    if scores["failures"]:
        first, why = next(iter(scores["failures"].items()))
        raise PartialFailure(
            f"{len(scores['failures'])} trials failed, the first one is {first}: {why}",
            hint=f"The column error of {folder / 'results.csv'} has them all; to try again: --fresh",
        )


@dataclass(frozen=True)
class _Wish:
    """What is to be scored on what: the overrides belong to the recipe, the run gives its name."""

    recipe: str
    overrides: tuple[str, ...] = ()
    run: str | None = None
    model: str | None = None


def _understand(
    subject: str | None, *, data: str | None, recipe: str | None, model: str | None, root: Path | None
) -> _Wish:
    if data is not None and recipe is not None:
        raise UsageError("Expected --data or --recipe, got both.", hint="The recipe says what its corpus is.")
    if data is None and recipe is None:
        if subject is None:
            raise UsageError(
                "Expected a run, a recipe or a folder.",
                hint="sep eval RUN, sep eval --recipe RECIPE, or: sep eval MODEL --data FOLDER",
            )
        return replace(_run(subject, root), model=model)
    if subject and model:
        raise UsageError(f"Expected one model, got {subject} and {model}.", hint="Leave out --model.")
    if recipe is not None:
        return _Wish(recipe, model=model or subject)
    if not (model or subject):
        raise UsageError("Expected a model to score.", hint=f"sep eval MODEL --data {data}")
    return replace(_corpus(str(data), root), model=model or subject)


def _run(run: str, root: Path | None) -> _Wish:
    """An earlier run, by its name, its folder, or a folder in it."""
    from separate_cli.pipeline.inventory import RUN_FILE
    from separate_cli.settings import workspace

    given = Path(run).absolute()
    for folder in (workspace(root) / "exp" / run, given, *given.parents):
        if (folder / RUN_FILE).is_file():
            noted = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
            return _Wish(noted["recipe"], tuple(noted["overrides"]), folder.name)
    raise UsageError(f"There is no run {run!r} in {workspace(root) / 'exp'}.", hint="See: sep status")


def _corpus(data: str, root: Path | None) -> _Wish:
    """A prepared corpus: of a run, or a folder that stands alone."""
    folder = Path(data).expanduser().absolute()
    try:
        return _run(data, root)
    except UsageError as error:
        if not (folder / "corpus.json").is_file() and not (folder / "mixtures.jsonl").is_file():
            raise UsageError(
                f"{data} is neither a run nor a prepared folder.", hint="Prepare one: sep data prepare --help"
            ) from error
    return _Wish(_ON_A_FOLDER, (f"eval.data.path={json.dumps(str(folder))}",), folder.name)


def _latest(overrides: Sequence[str]) -> list[str]:
    """Only those that count: a later value of a field, or of what holds the field, takes the place of earlier ones.

    >>> _latest(["eval.part=test", "eval.seed=1", "train.model.args.n_src=2", "eval.part=valid", "train.model=null"])
    ['eval.seed=1', 'eval.part=valid', 'train.model=null']
    """
    fields = [override.partition("=")[0].strip() for override in overrides]
    return [
        override
        for number, override in enumerate(overrides)
        if not any(f"{fields[number]}.".startswith(f"{later}.") for later in fields[number + 1 :])
    ]


def _instead(model: str, recipe: str, overrides: Sequence[str]) -> list[str]:
    """Overrides that put a finished model in the place of the recipe's training."""
    from separate_cli.hub.references import locate
    from separate_cli.recipes.load import load_recipe

    instead = ["eval.baseline=null", f"eval.model={json.dumps(str(locate(model).absolute()))}"]
    sections = load_recipe(recipe, [*overrides, *instead]).sections
    return [*instead, *(f"{section.name}=null" for section in sections if section.verb == "train")]


def _show(scores: dict[str, Any]) -> None:
    """The table of the scores, and what was left out."""
    from separate_cli.report.console import out

    out.table(scores["table"]["columns"], scores["table"]["rows"])
    for why, count in scores["reasons"].items():
        out.note(f"Without a score in {count} rows: {why}")
    for condition, why in scores["left_out"].items():
        out.note(f"The condition {condition} was left out: {why}.")


def _compare(recipe: str, overrides: Sequence[str]) -> None:
    """What others have reached with the recipe."""
    from separate_cli.recipes.load import load_recipe
    from separate_cli.report.console import out

    header = load_recipe(recipe, overrides)
    if header.published:
        scores = ", ".join(f"{name} {value:g}" for name, value in header.published.items())
        out.note(f"Published: {scores} ({header.source})")
