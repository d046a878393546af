"""From a recipe's name to a validated ``Recipe``, before anything heavy is imported.

name --find--> file --extends, depth first--> one tree --set--> validate --> Recipe, or every fault at once
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from separate_cli.errors import Fault, InputError, SepError, SpecError, UsageError
from separate_cli.recipes.clashes import clashes
from separate_cli.recipes.find import find_recipe, label, list_recipes
from separate_cli.recipes.kinds import settled
from separate_cli.recipes.names import unknown_names
from separate_cli.recipes.node import Node, parse
from separate_cli.recipes.recipe import HEADER, Recipe
from separate_cli.recipes.validate import closest, validate

__all__ = ["Entry", "available", "load_recipe", "load_with_origins"]

_OWN = ("name", "published", "source", "ours")
"""What a recipe does not inherit: another system's name and scores."""


@dataclass(frozen=True)
class Entry:
    """One line of the list of recipes: its header, and what is wrong with it."""

    name: str
    file: Path
    header: dict[str, object]
    faults: tuple[Fault, ...] = ()


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """The validated recipe.

    Args:
        name: A built-in recipe, one in ``./recipes``, or a YAML file.
        overrides: ``field.path=value``, the value in YAML.

    Raises:
        SpecError: If it does not validate; holds every fault with file, line and field.
        UsageError: If there is no such recipe.
        InputError: If there is no such file, or it cannot be read.
    """
    return load_with_origins(name, overrides)[0]


def load_with_origins(name: str, overrides: Sequence[str] = ()) -> tuple[Recipe, Node]:
    """The validated recipe, and its data with the place where each value was written.

    Raises:
        SpecError: As ``load_recipe``; so the others.
    """
    faults: list[Fault] = []
    file = find_recipe(name)
    tree = _tree(file, faults)
    if not faults:
        for override in overrides:
            tree = _override(tree, override, faults)
        tree = settled(tree)
        recipe = validate(tree, faults)
        told = {fault.field for fault in faults}
        for path, problem in (*unknown_names(tree), *(clashes(recipe) if recipe is not None else ())):
            if ".".join(path) not in told:
                faults.append(Fault(tree.locate(path)[0], ".".join(path), problem))
        if recipe is not None and not faults:
            return recipe, tree
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise SpecError(
        f"The recipe {name} does not validate: {count}.",
        faults=tuple(faults),
        hint="Correct what is listed. sep recipes show prints a recipe with all its fields.",
    )


def available() -> list[Entry]:
    """All recipes with their headers; one with faults is listed too."""
    entries = []
    for name, file in list_recipes():
        faults: list[Fault] = []
        try:
            tree = _tree(file, faults)
        except InputError as error:
            tree = Node(None, label(file))
            faults.append(Fault(tree.where, "(file)", error.message))
        fields = tree.value if isinstance(tree.value, dict) else {}
        header = {key: fields[key].plain() for key in HEADER if key in fields}
        entries.append(Entry(name, file, header, tuple(faults)))
    return entries


def _tree(file: Path, faults: list[Fault], above: tuple[Path, ...] = ()) -> Node:
    """The data of a file on top of what it extends; ``above`` are the files that extend it."""
    tree = parse(_read(file), label(file), faults)
    if not isinstance(tree.value, dict):
        if not faults:
            faults.append(Fault(tree.where, "(file)", "expected fields, such as extends: or train:"))
        return tree
    fields = dict(tree.value)
    extends = fields.pop("extends", None)
    if not above:
        fields.setdefault("name", Node(file.stem, label(file)))
    tree = replace(tree, value=fields)
    merged = Node({}, tree.where)
    for base in _bases(extends, file, faults, (*above, file)):
        merged = merged.merged_with(base)
    return merged.merged_with(tree)


def _bases(extends: Node | None, file: Path, faults: list[Fault], chain: tuple[Path, ...]) -> list[Node]:
    if extends is None:
        return []
    bases = []
    for node in extends.value if isinstance(extends.value, list) else [extends]:
        try:
            bases.append(_base(node, file, faults, chain))
        except SepError as error:
            faults.append(Fault(node.where, "extends", str(error)))
    return bases


def _base(node: Node, file: Path, faults: list[Fault], chain: tuple[Path, ...]) -> Node:
    if not isinstance(node.value, str):
        raise UsageError(f"expected the name of a recipe, got {node.plain()!r}")
    try:
        base = find_recipe(node.value, beside=file.parent, skip=[file])
    except UsageError as error:
        if node.value == file.stem:
            raise UsageError("it extends itself, and there is no other recipe of that name") from error
        raise
    if base.resolve() == file.resolve():
        raise UsageError("it extends itself")
    if base.resolve() in [path.resolve() for path in chain]:
        circle = " → ".join(label(path) for path in (*chain, base))
        raise UsageError(f"recipes extend each other in a circle: {circle}")
    tree = _tree(base, faults, chain)
    fields = tree.value if isinstance(tree.value, dict) else {}
    return replace(tree, value={key: value for key, value in fields.items() if key not in _OWN})


def _override(tree: Node, override: str, faults: list[Fault]) -> Node:
    where = f"--set {override}"
    field, equals, text = override.partition("=")
    path = field.strip().split(".")
    if not equals or not all(path):
        faults.append(Fault(where, field or "(empty)", "expected FIELD=VALUE, such as train.epochs=100"))
        return tree
    if path[0] not in tree.value and path[0] not in HEADER:
        faults.append(Fault(where, field, closest(path[0], [*tree.value, *HEADER])))
        return tree
    try:
        return tree.assigned(path, parse(text, where, faults, lines=False))
    except ValueError as error:
        faults.append(Fault(where, field, str(error)))
        return tree


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"Cannot read {file}: {error.strerror or error}.", hint="Check its permissions.") from error
