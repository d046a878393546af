"""Which devices and processes of a machine train: options of ``sep train`` and ``sep run``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

__all__ = ["DevicesOption", "NodesOption", "StrategyOption", "WorkersOption", "on_machine"]

_PANEL = "Machine"
DevicesOption = Annotated[
    str | None,
    typer.Option(
        "--devices", metavar="N|auto", help="Train on so many devices of this machine.", rich_help_panel=_PANEL
    ),
]
NodesOption = Annotated[
    int | None,
    typer.Option("--num-nodes", metavar="N", help="Machines, if started by torchrun or srun.", rich_help_panel=_PANEL),
]
StrategyOption = Annotated[
    str | None,
    typer.Option("--strategy", metavar="NAME", help="How several devices train: ddp, ...", rich_help_panel=_PANEL),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes that make examples.", rich_help_panel=_PANEL)
]


def on_machine(recipe: str, overrides: Sequence[str] | None, **knobs: Any) -> list[str]:
    """``overrides``, and the options that are given as overrides of every section that trains."""
    changes, given = list(overrides or ()), {field: value for field, value in knobs.items() if value is not None}
    if not given:
        return changes
    from separate_cli.recipes.load import load_recipe

    sections = [section.name for section in load_recipe(recipe, changes).sections if section.verb == "train"]
    return changes + [f"{name}.{field}={value}" for name in sections for field, value in given.items()]
