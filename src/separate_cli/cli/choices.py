"""Options that several subcommands share, spelled once.

def train(recipe: RecipeArgument, overrides: SetOption = None, root: RootOption = None) -> None: ...
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AcceptLicenceFlag",
    "DryRunFlag",
    "EventsOption",
    "FreshFlag",
    "MirrorOption",
    "NameOption",
    "RecipeArgument",
    "RecipeOption",
    "RootOption",
    "SetOption",
    "WaitFlag",
    "WithDataFlag",
]

_RECIPE_HELP = "A built-in recipe, one in ./recipes, or a YAML file. See: sep recipes ls"

RecipeArgument = Annotated[str, typer.Argument(metavar="RECIPE", help=_RECIPE_HELP, show_default=False)]
RecipeOption = Annotated[str, typer.Option("--recipe", "-r", metavar="RECIPE", help=_RECIPE_HELP, show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="FIELD=VALUE", help="Change a value of the recipe: --set train.epochs=100. Repeatable."
    ),
]
RootOption = Annotated[
    Path | None,
    typer.Option(
        "--root", envvar="SEP_ROOT", metavar="FOLDER", help="Workspace with data/ and exp/ (default: current folder)."
    ),
]
NameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the run: exp/NAME (default: the recipe's name).")
]
FreshFlag = Annotated[
    bool, typer.Option("--fresh", help="Redo from scratch. The old result stays until the new one is complete.")
]
DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="Say what would be done and why, then stop.")]
EventsOption = Annotated[
    str | None,
    typer.Option(
        "--events",
        metavar="FILE|-",
        help="Append what happens as JSON Lines; - writes them to stdout in place of the result.",
    ),
]
WaitFlag = Annotated[
    bool, typer.Option("--wait", help="Wait while another process is at work on the same result, instead of stopping.")
]
_DATA = "Data"
WithDataFlag = Annotated[
    bool, typer.Option("--with-data", help="Download what the recipe needs and is not here.", rich_help_panel=_DATA)
]
MirrorOption = Annotated[
    str | None,
    typer.Option(
        "--mirror",
        metavar="URL|FOLDER",
        help="Get it from here instead of from its publisher; implies --with-data.",
        rich_help_panel=_DATA,
    ),
]
AcceptLicenceFlag = Annotated[
    bool,
    typer.Option("--accept-licence", help="Accept licences, where that must be; remembered.", rich_help_panel=_DATA),
]
