"""``sep train``: train a recipe's model."""

from __future__ import annotations

import typer

from separate_cli.cli.choices import DryRunFlag, FreshFlag, NameOption, RecipeOption, RootOption, SetOption, WaitFlag
from separate_cli.cli.command import command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add ``sep train``."""
    command(app, "train")(train)


def train(
    *,
    recipe: RecipeOption,
    overrides: SetOption = None,
    fresh: FreshFlag = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    root: RootOption = None,
) -> None:
    """Train the recipe's model, going on where the last run stopped. Prepares the corpus first if it has to be.

    Example: sep train --recipe demask --set train.epochs=100
    """
    from separate_cli.cli.carry_out import carry_out, closing_notes
    from separate_cli.report.console import out

    redo = {"train"} if fresh else False
    records = carry_out(recipe, overrides, root=root, name=name, until="train", fresh=redo, dry_run=dry_run, wait=wait)
    if records is None:
        return
    for text in closing_notes(records):
        out.note(text)
    out.line(str(records["train"].folder))
