"""``sep data prepare``: make the corpus of a recipe, or one of your own recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from separate_cli.cli.supplies import Supplies
from separate_cli.cli.workforce import ExecutorOption, ShardOption, WorkersOption, who
from separate_cli.errors import UsageError

if TYPE_CHECKING:
    from separate_cli.pipeline.record import Record

__all__ = ["prepare"]

_OWN = "Your own recordings"
_COUNTS = ("mixtures", "recordings", "speakers", "hours")

RecipeChoice = Annotated[
    str | None,
    typer.Option("--recipe", "-r", metavar="RECIPE", help="A recipe, see: sep recipes ls", show_default=False),
]
FromFolder = Annotated[
    list[Path] | None,
    typer.Option("--from-folder", metavar="FOLDER", help="Speech to mix. Repeatable.", rich_help_panel=_OWN),
]
Noise = Annotated[
    list[Path] | None,
    typer.Option("--noise", metavar="FOLDER", help="Noise to mix it with. Repeatable.", rich_help_panel=_OWN),
]
Rirs = Annotated[
    list[Path] | None,
    typer.Option("--rirs", metavar="FOLDER", help="Room responses to play it in. Repeatable.", rich_help_panel=_OWN),
]
Sources = Annotated[int | None, typer.Option("--n-src", metavar="N", help="Speakers a mixture.", rich_help_panel=_OWN)]
Rate = Annotated[int | None, typer.Option("--sample-rate", metavar="HZ", help="Of mixtures.", rich_help_panel=_OWN)]
Where = Annotated[
    str | None,
    typer.Option("--mixtures", metavar="on-disk|on-the-fly", help="Write files, or only lists.", rich_help_panel=_OWN),
]
Train = Annotated[
    int | None, typer.Option("--n-train", metavar="N", help="Mixtures to train on.", rich_help_panel=_OWN)
]
Valid = Annotated[int | None, typer.Option("--n-valid", metavar="N", help="To validate on.", rich_help_panel=_OWN)]
Test = Annotated[int | None, typer.Option("--n-test", metavar="N", help="To test on.", rich_help_panel=_OWN)]
Speaker = Annotated[
    str | None,
    typer.Option(
        "--speaker",
        metavar="RULE",
        help="How a path names its speaker: auto, librispeech, folder, top-folder, file, or a pattern.",
        rich_help_panel=_OWN,
    ),
]


def prepare(
    *,
    recipe: RecipeChoice = None,
    from_folder: FromFolder = None,
    noise: Noise = None,
    rirs: Rirs = None,
    n_src: Sources = None,
    sample_rate: Rate = None,
    mixtures: Where = None,
    n_train: Train = None,
    n_valid: Valid = None,
    n_test: Test = None,
    speaker: Speaker = None,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    shard: ShardOption = None,
    with_data: WithDataFlag = False,
    mirror: MirrorOption = None,
    accept_licence: AcceptLicenceFlag = False,
    overrides: SetOption = None,
    fresh: FreshFlag = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    root: RootOption = None,
) -> None:
    """Make the corpus of a recipe, or one of your own recordings. Goes on where it was stopped.

    Example: sep data prepare --from-folder speech --noise noise --n-src 2
    """
    from separate_cli.cli.carry_out import carry_out
    from separate_cli.report.console import out

    numbers = {"n_src": n_src, "sample_rate": sample_rate, "n_train": n_train, "n_valid": n_valid, "n_test": n_test}
    own = _own(from_folder, noise, rirs, speaker)
    fields = {
        **own,
        **numbers,
        "mixtures": mixtures and mixtures.replace("-", "_"),
        "executor": who(workers, executor),
    }
    wishes = [f"prepare.{field}={json.dumps(value)}" for field, value in fields.items() if value is not None]
    records = carry_out(
        _recipe(recipe, from_folder),
        [*wishes, *(overrides or ())],
        root=root,
        name=name,
        until="prepare",
        fresh={"prepare"} if fresh else False,
        dry_run=dry_run,
        wait=wait,
        shard=shard,
        supplies=Supplies(with_data, mirror, accept_licence),
    )
    if records:
        _show(records["prepare"])
    elif records is not None:
        out.note("This share is done; the corpus is put together when all others are.")


def _recipe(recipe: str | None, folders: Sequence[Path] | None) -> str:
    if (recipe is None) == (not folders):
        raise UsageError(
            "Expected one of --recipe and --from-folder.",
            hint="sep recipes ls lists recipes; --from-folder speech mixes yours.",
        )
    return recipe or "corpora/own"


def _own(
    speech: Sequence[Path] | None, noise: Sequence[Path] | None, rirs: Sequence[Path] | None, speaker: str | None
) -> dict[str, Any]:
    """Fields of the recipe for folders that are named on the command line."""
    if not speech:
        if noise or rirs or speaker:
            raise UsageError("--noise, --rirs and --speaker go with --from-folder.", hint="Recipes have fields: --set.")
        return {}
    fields: dict[str, Any] = {}
    for role, folders in (("speech", speech), ("noise", noise), ("rooms", rirs)):
        for number, folder in enumerate(folders or (), start=1):
            key = role if number == 1 else f"{role}{number}"
            fields.setdefault(role, {})[key] = {"path": str(folder.expanduser().absolute())}
            if role == "speech" and speaker:
                fields[role][key]["speaker"] = speaker
    return fields


def _show(record: Record) -> None:
    """A table of what there is now, and what was left out."""
    from separate_cli.data.corpus import Corpus
    from separate_cli.report.console import out

    facts = Corpus(record.folder, {}).facts()
    out.result({"folder": str(record.folder), "ran": record.ran, "corpora": facts})
    shown = [key for key in _COUNTS if any(key in counts for counts in _counts(facts))]
    rows = [
        [role, corpus, part, *(f"{count[key]:g}" if key in count else "" for key in shown)]
        for role, corpora in facts.items()
        for corpus, found in corpora.items()
        for part, count in found["parts"].items()
    ]
    for corpora in facts.values():
        for corpus, found in corpora.items():
            if left_out := found["skipped"]:
                first = left_out[0]
                out.note(
                    f"{corpus}: {len(left_out)} files left out, the first one is {first['path']}: {first['reason']}"
                )
    out.table(["", "corpus", "part", *shown], rows)
    out.line(str(record.folder))


def _counts(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [count for corpora in facts.values() for found in corpora.values() for count in found["parts"].values()]
