"""Where a recipe's file is: a path, ``./recipes``, or built in.

demask          ./recipes/demask.yaml, else built-in demask.yaml
base/training   the same; files in subfolders are building blocks, not recipes
my/own.yaml     that file; inside ``extends:``, relative to the file that says it
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from separate_cli.errors import InputError, UsageError
from separate_cli.registry import Registry

__all__ = ["BUILTIN", "find_recipe", "label", "list_recipes"]

BUILTIN = Path(__file__).parent / "builtin"
_LOCAL = Path("recipes")
_SUFFIXES = (".yaml", ".yml")


def find_recipe(name: str, *, beside: Path | None = None, skip: Collection[Path] = ()) -> Path:
    """The file of a recipe.

    Args:
        name: A name or a path.
        beside: Folder of the file that extends it; searched first.
        skip: Files that are not meant, so that a local ``demask`` can extend the built-in one.

    Raises:
        InputError: If a path is given and there is no such file.
        UsageError: If there is no recipe of that name; the message names the closest ones.
    """
    if name.lower().endswith(_SUFFIXES):
        path = (beside or Path()) / Path(name).expanduser()
        if not path.is_file():
            raise InputError(f"There is no recipe file {path}.", hint="See: sep recipes ls")
        return path
    skipped = {path.resolve() for path in skip}
    for folder in (*([beside] if beside else []), _LOCAL, BUILTIN):
        for suffix in _SUFFIXES:
            path = folder / f"{name}{suffix}"
            if path.is_file() and path.resolve() not in skipped:
                return path
    known = Registry[Path]("recipe")
    for recipe, path in list_recipes():
        known.register(recipe, path)
    raise UsageError(known.unknown(name), hint="See: sep recipes ls")


def list_recipes() -> Iterator[tuple[str, Path]]:
    """Name and file of every recipe: the user's in ``./recipes``, then the built-in ones that those do not hide."""
    seen = set()
    for folder in (_LOCAL, BUILTIN):
        for path in sorted(folder.glob("*"), key=lambda path: path.stem):
            if path.suffix.lower() in _SUFFIXES and path.stem not in seen:
                seen.add(path.stem)
                yield path.stem, path


def label(path: Path) -> str:
    """How messages call a recipe file."""
    path = Path(os.path.normpath(path))
    if path.is_relative_to(BUILTIN):
        return f"built-in {path.relative_to(BUILTIN).as_posix()}"
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
