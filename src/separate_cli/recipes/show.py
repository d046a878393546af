"""A validated recipe as YAML again: every field, defaults included, and on request where each value was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from separate_cli.recipes.node import CORE, Node
from separate_cli.recipes.recipe import HEADER, Recipe

__all__ = ["as_document", "as_yaml"]

_COMMENT_COLUMN = 50


class _Dumper(yaml.SafeDumper):
    """Quotes text that the loader would take for something else."""


for _rule in CORE:
    _Dumper.add_implicit_resolver(*_rule)


def as_document(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain data in the form of a recipe file without ``extends``."""
    document = {name: value for name in HEADER if (value := recipe.model_dump(mode="json")[name])}
    for section in recipe.sections:
        body: dict[str, Any] = {} if section.verb == section.name else {"verb": section.verb}
        if section.after != section.spec.needs():
            body["after"] = list(section.after)
        document[section.name] = {**body, **section.spec.model_dump(mode="json")}
    return document


def as_yaml(recipe: Recipe, *, origins: Node | None = None) -> str:
    """The recipe as YAML, ending without a newline.

    Args:
        recipe: The recipe.
        origins: Its data; if given, each line says in a comment where the value was written, or ``default``.
    """
    return "\n".join(_lines(as_document(recipe), origins, "", commented=origins is not None))


def _lines(document: dict[str, Any], origin: Node | None, indent: str, *, commented: bool) -> Iterator[str]:
    fields = origin.value if origin is not None and isinstance(origin.value, dict) else {}
    for name, value in document.items():
        node = fields.get(name)
        key = f"{indent}{_flow(name)}:"
        if isinstance(value, dict) and value:
            yield key
            yield from _lines(value, node, indent + "  ", commented=commented)
        else:
            line = f"{key} {_flow(value)}"
            yield f"{line:<{_COMMENT_COLUMN}}  # {node.where if node else 'default'}" if commented else line


def _flow(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")
