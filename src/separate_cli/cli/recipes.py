"""``sep recipes``: list, show, copy and check recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from separate_cli.cli.choices import RecipeArgument, SetOption
from separate_cli.cli.command import command

if TYPE_CHECKING:
    from separate_cli.recipes.load import Entry

__all__ = ["register"]

TaskOption = Annotated[str | None, typer.Option("--task", help="Only recipes of this task.")]
TargetArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Where to write it (default: recipes/RECIPE.yaml).")
]
OverwriteFlag = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")]
RecipesArgument = Annotated[list[str] | None, typer.Argument(metavar="[RECIPE]...", help="Which (default: all).")]


def register(app: typer.Typer) -> None:
    """Add ``sep recipes ls|show|copy|check``."""
    group = typer.Typer(name="recipes", help="List, show, copy and check recipes.", no_args_is_help=True)
    command(group, "ls")(ls)
    command(group, "show")(show)
    command(group, "copy")(copy)
    command(group, "check")(check)
    app.add_typer(group)


def ls(task: TaskOption = None) -> None:
    """List the recipes: built-in ones and those in ./recipes.

    Example: sep recipes ls --task enhancement
    """
    from separate_cli.recipes.load import available
    from separate_cli.report.console import out

    entries = [entry for entry in available() if task in (None, entry.header.get("task"))]
    documents = [
        {
            **entry.header,
            "name": entry.name,
            "file": str(entry.file),
            "valid_yaml": not entry.faults,
        }
        for entry in entries
    ]
    out.result({"recipes": documents})
    columns = ["name", "task", "corpus", "model", "published", "ours", "disk", "time"]
    out.table(columns, [_row(entry) for entry in entries])
    for entry in entries:
        for fault in entry.faults:
            out.warn(str(fault))


def show(recipe: RecipeArgument, overrides: SetOption = None) -> None:
    """Print a recipe with all its fields, as YAML that is a recipe itself; with --verbose, where each value is from.

    Example: sep recipes show demask --verbose
    """
    from separate_cli.recipes.load import load_with_origins
    from separate_cli.recipes.show import as_document, as_yaml
    from separate_cli.report.console import out

    loaded, tree = load_with_origins(recipe, overrides or [])
    out.result({"recipe": as_document(loaded)})
    out.line(as_yaml(loaded, origins=tree if out.verbose else None))


def copy(recipe: RecipeArgument, target: TargetArgument = None, overwrite: OverwriteFlag = False) -> None:
    """Copy a recipe's file, to change it.

    Example: sep recipes copy demask
    """
    from separate_cli.errors import UsageError
    from separate_cli.files import write_bytes
    from separate_cli.recipes.find import find_recipe
    from separate_cli.report.console import out

    source = find_recipe(recipe)
    target = target or Path("recipes", source.name)
    if target.is_dir():
        target /= source.name
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already.", hint="Name another file, or add --overwrite.")
    write_bytes(target, source.read_bytes())
    out.result({"recipe": recipe, "file": str(target)})
    out.line(str(target))
    out.note(f"Change it, then: sep run {target}")


def check(recipes: RecipesArgument = None, overrides: SetOption = None) -> None:
    """Validate recipes and list every fault with file, line and field.

    Example: sep recipes check my.yaml
    """
    from separate_cli.errors import Fault, InputError, SpecError
    from separate_cli.recipes.find import find_recipe, label, list_recipes
    from separate_cli.recipes.load import load_recipe
    from separate_cli.report.console import out

    faults: list[Fault] = []
    valid = []
    for name in recipes or [name for name, _ in list_recipes()]:
        try:
            load_recipe(name, overrides or [])
        except SpecError as error:
            faults.extend(error.faults)
        except InputError as error:  # as other files that are broken, one among many
            if not recipes:
                faults.append(Fault(label(find_recipe(name)), "(file)", error.message))
                continue
            raise
        else:
            valid.append(name)
            out.line(f"{name}: valid")
    out.result({"valid": valid})
    if faults:
        count = "One fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise SpecError(f"{count} found.", faults=tuple(faults), hint="Correct what is listed.")


def _row(entry: Entry) -> list[str]:
    from separate_cli.recipes.find import BUILTIN, label

    own = "" if entry.file.is_relative_to(BUILTIN) else f" ({label(entry.file)})"
    header = entry.header
    texts = {name: str(header.get(name, "")) for name in ("task", "corpus", "model", "disk", "time")}
    scores = {name: _scores(header.get(name)) for name in ("published", "ours")}
    cells = {"name": entry.name + own, **texts, **scores}
    return [cells[name] for name in ("name", "task", "corpus", "model", "published", "ours", "disk", "time")]


def _scores(scores: object) -> str:
    return ", ".join(f"{name} {value}" for name, value in scores.items()) if isinstance(scores, dict) else ""
