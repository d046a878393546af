"""``sep data``: corpora."""

from __future__ import annotations

import typer

from separate_cli.cli.command import command
from separate_cli.cli.data_check import check
from separate_cli.cli.data_convert import convert
from separate_cli.cli.data_download import download
from separate_cli.cli.data_ls import ls
from separate_cli.cli.data_prepare import prepare

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add ``sep data ls|download|prepare|check|convert``."""
    group = typer.Typer(name="data", help="Find, download, prepare, check and convert corpora.", no_args_is_help=True)
    command(group, "ls")(ls)
    command(group, "download")(download)
    command(group, "prepare")(prepare)
    command(group, "check")(check)
    command(group, "convert")(convert)
    app.add_typer(group)
