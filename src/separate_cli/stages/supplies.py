"""What a recipe's data are made of: which corpora are not here, how large they are, and how to get them.

Recipe.downloads {corpus: parts}, where it looks for them --missing--> Supply: size, command, or what to do by hand
                                                          --fetch_all--> data/FOLDER

A corpus that the recipe is told to look for elsewhere (``--set prepare...path=``) is the user's own affair. So are
recordings of the user's own, of which only their absence is said here, in better words than a missing path has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from separate_cli.data.catalog import Corpus, Part, corpus_called
from separate_cli.data.fetch import Order, fetch_order
from separate_cli.data.landing import Landing
from separate_cli.errors import InputError
from separate_cli.progress import SILENT, Progress
from separate_cli.recipes.recipe import Recipe
from separate_cli.report.amounts import size
from separate_cli.specs.corpora.folder import FolderCorpus

__all__ = ["Supply", "fetch_all", "missing", "require"]

_OWN = {"speech": "clean speech by several speakers", "noise": "noise", "rooms": "room responses"}
"""What recordings of the user's own are, by the first part of their field."""


@dataclass(frozen=True)
class Supply:
    """Parts of a corpus that a recipe needs and that are not here.

    Args:
        corpus: The corpus.
        parts: What is missing of it.
        to: Folder that holds the folders of corpora.
        field: Where the recipe says where it is.
    """

    corpus: Corpus
    parts: tuple[Part, ...]
    to: Path
    field: str

    @property
    def command(self) -> str:
        """What gets it; empty if nobody may download it."""
        if self.corpus.manual:
            return ""
        names = ",".join(part.name for part in self.parts)
        return f"sep data download {self.corpus.name} --parts {names}"

    @property
    def by_hand(self) -> str:
        """What to do to have it; empty if it may be downloaded."""
        if not self.corpus.manual:
            return ""
        way = self.corpus.manual.format(folder=self.to / self.corpus.folder)
        return f"{way} If it is elsewhere: --set {self.field}=FOLDER."

    def __str__(self) -> str:
        if self.corpus.manual and self.corpus.needs:
            return f"{self.corpus.title}, which has to be made"
        if self.corpus.manual:
            return f"{self.corpus.title}, which nobody may download"
        names = f" ({', '.join(part.name for part in self.parts)})" if len(self.corpus.parts) > 1 else ""
        download = _sum(part.bytes or part.roughly for part in self.parts)
        unpacked = _sum(self.corpus.disk_bytes(part) for part in self.parts)
        amounts = f"{download or 'an unknown amount'} to download" + (f", {unpacked} unpacked" if unpacked else "")
        return f"{self.corpus.title}{names}, {amounts}"


def missing(recipe: Recipe, workspace: Path) -> list[Supply]:
    """What the recipe needs and looks for below ``workspace/data``, and that is not there.

    Raises:
        UsageError: If its header names a corpus or part that the catalog does not have.
    """
    looked_for = {field: workspace / path.expanduser() for field, path in _sources(recipe)}
    found = []
    for name, parts in recipe.downloads.items():
        corpus = corpus_called(name)
        landing = Landing(workspace / "data" / corpus.folder)
        fields = [field for field, path in looked_for.items() if landing.folder in (path, *path.parents)]
        if not fields:
            continue
        chosen = () if corpus.manual else corpus.choose(parts)
        absent = tuple(part for part in chosen if landing.state(corpus, part) in {"missing", "partly"})
        if absent or (corpus.manual and landing.state(corpus) == "missing"):
            found.append(Supply(corpus, absent, workspace / "data", fields[0]))
    return found


def require(recipe: Recipe, workspace: Path) -> None:
    """Stop before anything is done if data are missing: what, how big, and what gets it.

    Args:
        recipe: The recipe.
        workspace: Its workspace.

    Raises:
        InputError: If something is missing.
    """
    _require_own(recipe, workspace)
    lacking = missing(recipe, workspace)
    if not lacking:
        return
    commands = [one.command for one in lacking if one.command]
    ways = [one.by_hand for one in lacking if one.by_hand]
    if ways and recipe.disk:
        ways.append(f"The recipe takes about {recipe.disk} on the disk.")
    if ways and commands:
        ways.append("Once that is there, the same command with --with-data gets the rest and goes on.")
    elif commands:
        ways.append("The same command with --with-data gets it and goes on.")
        ways += [f"Without going on: {commands[0]}"] if len(commands) == 1 else []
    what = "; ".join(str(one) for one in lacking)
    raise InputError(f"The recipe {recipe.name} needs data that are not here: {what}.", hint=" ".join(ways))


def _require_own(recipe: Recipe, workspace: Path) -> None:
    for section in recipe.sections:
        if not isinstance(section.spec, FolderCorpus):
            continue
        for key, (path, _) in section.spec.sources().items():
            folder = workspace / path.expanduser()
            if not folder.exists():
                raise InputError(
                    f"The recipe {recipe.name} works on recordings of your own: {folder} does not exist.",
                    hint=f"Put any {_OWN[key.partition('.')[0]]} there, or name a folder that holds some: "
                    f"--set {section.name}.{key}=FOLDER",
                )


def fetch_all(
    recipe: Recipe,
    workspace: Path,
    *,
    mirror: str | None = None,
    accept_licence: bool = False,
    progress: Progress = SILENT,
) -> list[Supply]:
    """Download what is missing and may be downloaded; what that was.

    Args:
        recipe: The recipe.
        workspace: Its workspace.
        mirror: Where to get the files instead of from their publishers.
        accept_licence: Accept licences that must be accepted first.
        progress: Where to report progress.

    Raises:
        RefusedError: If a licence is not accepted, or a corpus must be got by hand.
        RemoteError: If something cannot be had, or is not what was published.
        OutputError: If there is no room for it.
    """
    lacking = sorted(missing(recipe, workspace), key=lambda one: not one.corpus.manual)  # what stops it, first
    for one in lacking:
        order = Order(one.corpus, one.parts, one.to, mirror)
        fetch_order(order, accept_licence=accept_licence, progress=progress)
    return lacking


def _sources(recipe: Recipe) -> Iterator[tuple[str, Path]]:
    """Field → path of everything that is prepared."""
    for section in recipe.sections:
        if section.verb == "prepare":
            yield from ((f"{section.name}.{key}", path) for key, (path, _) in section.spec.sources().items())


def _sum(amounts: Iterable[int | None]) -> str:
    """All of it, in words; empty if some is unknown."""
    known = list(amounts)
    return "" if None in known else size(sum(amount for amount in known if amount is not None))
