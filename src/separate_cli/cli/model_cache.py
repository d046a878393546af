"""``sep model cache``: which models were downloaded, and making room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from separate_cli.cli.choices import DryRunFlag
from separate_cli.cli.command import command

if TYPE_CHECKING:
    from separate_cli.hub.model_cache import Held

__all__ = ["register"]

_group = typer.Typer(name="model cache", help="List and remove downloaded models.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to ``app``."""
    app.add_typer(_group, name="cache", epilog="Example: sep model cache prune --days 30")


@command(_group, "ls")
def ls() -> None:
    """List the downloaded models, the latest used first.

    Example: sep model cache ls
    """
    from separate_cli.hub.model_cache import held_models, models_folder
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out

    held = held_models()
    out.result({"folder": str(models_folder()), "models": [_describe(one) for one in held]})
    if not held:
        out.note(f"No downloaded models in {models_folder()}.")
        return
    out.table(
        ("model", "size", "last used", "known as"),
        [(one.entry.origin, size(one.entry.size), _day(one.last_used), _names(one)) for one in held],
    )
    out.note(f"{size(sum(one.entry.size for one in held))} in {models_folder()}")


@command(_group, "prune")
def prune(
    days: Annotated[float, typer.Option("--days", metavar="N", min=0, help="Not used for so long.")] = 90,
    dry_run: DryRunFlag = False,
) -> None:
    """Remove models that were not used for a long time, and downloads that never ended.

    Example: sep model cache prune --days 30
    """
    import time

    _remove(time.time() - days * 24 * 3600, dry_run=dry_run)


@command(_group, "clear")
def clear(dry_run: DryRunFlag = False) -> None:
    """Remove all downloaded models. What web addresses have to hold stays known.

    Example: sep model cache clear
    """
    _remove(float("inf"), dry_run=dry_run)


def _remove(before: float, *, dry_run: bool) -> None:
    """Remove what was last used before a time, in seconds since 1970."""
    from separate_cli.hub.model_cache import held_models, remove_folder, unfinished
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out

    old = [one for one in held_models() if one.last_used < before]
    broken = [folder for folder in unfinished() if folder.stat().st_mtime < before]
    told = [_describe(one) for one in old]
    for folder in [] if dry_run else [*(one.folder for one in old), *broken]:
        remove_folder(folder)
    for one in old:
        out.line(one.entry.origin)
    out.result({"removed": told, "unfinished": [str(path) for path in broken]})
    verb = "would be removed" if dry_run else "removed"
    out.note(f"{len(old)} models, {size(sum(one.entry.size for one in old))}, {verb}.")


def _describe(held: Held) -> dict[str, object]:
    return {**held.entry.model_dump(), "path": str(held.path), "last_used": held.last_used}


def _names(held: Held) -> str:
    return ", ".join(name for name in held.entry.names if name != held.entry.origin)


def _day(moment: float) -> str:
    import time

    return time.strftime("%Y-%m-%d", time.localtime(moment))
