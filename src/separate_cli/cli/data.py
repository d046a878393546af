"""``sep data``: corpora."""

from __future__ import annotations

import typer

from separate_cli.cli.command import command
from separate_cli.cli.data_check import check
from separate_cli.cli.data_prepare import prepare

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add ``sep data prepare|check``."""
    group = typer.Typer(name="data", help="Prepare and check corpora.", no_args_is_help=True)
    command(group, "prepare")(prepare)
    command(group, "check")(check)
    app.add_typer(group)
