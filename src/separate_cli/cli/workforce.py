"""Options that say who does the work: processes of this machine, a Dask cluster, the members of a job array."""

from __future__ import annotations

from typing import Annotated

import typer

from separate_cli.errors import UsageError

__all__ = ["ExecutorOption", "ShardOption", "WorkersOption", "who"]

_WHO = "Who does it"

WorkersOption = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes.", min=1, rich_help_panel=_WHO)
]
ExecutorOption = Annotated[
    str | None, typer.Option("--executor", metavar="NAME", help="local:N or dask:ADDRESS.", rich_help_panel=_WHO)
]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Make share I of N, for job arrays.", rich_help_panel=_WHO)
]


def who(workers: int | None, executor: str | None) -> str | None:
    """The executor that is asked for, see ``pipeline.executors``; None if none is.

    Raises:
        UsageError: If both are.
    """
    if workers is not None and executor not in {None, "local"}:
        raise UsageError("Expected --workers or --executor, got both.", hint="--executor local:4 is --workers 4.")
    return f"local:{workers}" if workers is not None else executor
