"""``sep data``: corpora."""

from __future__ import annotations

import typer

from separate_cli.cli.choices import DryRunFlag, FreshFlag, NameOption, RecipeOption, RootOption, SetOption, WaitFlag
from separate_cli.cli.command import command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add ``sep data prepare``."""
    group = typer.Typer(name="data", help="Prepare corpora.", no_args_is_help=True)
    command(group, "prepare")(prepare)
    app.add_typer(group)


def prepare(
    *,
    recipe: RecipeOption,
    overrides: SetOption = None,
    fresh: FreshFlag = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    root: RootOption = None,
) -> None:
    """Prepare the recipe's corpus: find out what is there, who speaks, and who is in which part.

    Example: sep data prepare --recipe demask --set prepare.speech.librispeech.path=LibriSpeech
    """
    from separate_cli.cli.carry_out import carry_out
    from separate_cli.data.corpus import Corpus
    from separate_cli.report.console import out

    redo = {"prepare"} if fresh else False
    records = carry_out(
        recipe, overrides, root=root, name=name, until="prepare", fresh=redo, dry_run=dry_run, wait=wait
    )
    if records is None:
        return
    folder = records["prepare"].folder
    facts = Corpus(folder, {}).facts()
    out.result({"folder": str(folder), "ran": records["prepare"].ran, "corpora": facts})
    rows: list[list[str]] = []
    for role, corpora in facts.items():
        for corpus, found in corpora.items():
            for part, count in found["parts"].items():
                rows.append([role, corpus, part, *(f"{count[key]:g}" for key in ("recordings", "speakers", "hours"))])
            if left_out := found["skipped"]:
                first = left_out[0]
                out.note(
                    f"{corpus}: {len(left_out)} files left out, the first one is {first['path']}: {first['reason']}"
                )
    out.table(["", "corpus", "part", "recordings", "speakers", "hours"], rows)
    out.line(str(folder))
