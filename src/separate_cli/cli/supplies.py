"""Data that a recipe needs: downloaded if the user says so, else named with their size and what gets them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from separate_cli.recipes.recipe import Recipe

__all__ = ["Supplies"]


@dataclass(frozen=True)
class Supplies:
    """What the user says of data that are not here.

    Args:
        with_data: Download them.
        mirror: From here.
        accept_licence: Accept licences that must be accepted.
    """

    with_data: bool = False
    mirror: str | None = None
    accept_licence: bool = False

    def provide(self, recipe: Recipe, workspace: Path, *, dry_run: bool = False) -> bool:
        """Get what is missing, or stop.

        Returns:
            Whether all is here now; False only in a dry run of a download.

        Raises:
            InputError: If something is missing and is not to be downloaded.
            SepError: If it cannot be had.
        """
        from separate_cli.report.console import out
        from separate_cli.stages.supplies import fetch_all, missing, require

        if self.with_data or self.mirror:
            lacking = missing(recipe, workspace)
            for one in lacking:
                out.note(f"{'Would get' if dry_run else 'Getting'} {one}; licence: {one.corpus.licence}.")
            if dry_run:
                return not lacking
            fetch_all(recipe, workspace, mirror=self.mirror, accept_licence=self.accept_licence, progress=out)
        require(recipe, workspace)
        return True
