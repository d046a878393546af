"""``sep status``: what is done, running, interrupted or missing, in all runs of the workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from separate_cli.cli.choices import RootOption
from separate_cli.cli.command import command

__all__ = ["register"]

RunArgument = Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Only these runs.")]
AllFlag = Annotated[bool, typer.Option("--all", "-a", help="Also results that newer ones have taken the place of.")]


def register(app: typer.Typer) -> None:
    """Add ``sep status``."""
    command(app, "status")(status)


def status(runs: RunArgument = None, every: AllFlag = False, root: RootOption = None) -> None:
    """Show every run of the workspace, stage by stage, with scores, ages and sizes.

    Example: sep status demask
    """
    from dataclasses import asdict

    from separate_cli.errors import InputError
    from separate_cli.pipeline.inventory import take_inventory
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out
    from separate_cli.settings import workspace

    place = workspace(root)
    holdings = [one for one in take_inventory(place) if (not runs or one.run in runs)]
    lost = sorted(set(runs or ()) - {one.run for one in holdings})
    if lost:
        raise InputError(f"There is no run {', '.join(lost)} in {place / 'exp'}.", hint="See: sep status")
    shown = [one for one in holdings if every or one.state != "older"]
    out.result({"workspace": str(place), "results": [asdict(one) for one in shown]})
    if not shown:
        out.note(f"No runs in {place / 'exp'}. Begin one: sep run demask")
        return
    rows = [
        (one.run, one.stage, one.state, _score(one.score), size(one.bytes) if one.bytes else "", one.reason)
        for one in shown
    ]
    out.table(["run", "stage", "state", "score", "size", "why"], rows)
    hidden = len(holdings) - len(shown)
    if hidden:
        out.note(f"{hidden} older results not shown; see: sep status --all")


def _score(score: object) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in score.items()) if isinstance(score, dict) else ""
