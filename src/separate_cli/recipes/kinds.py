"""A recipe that makes another kind of something: what was written for the kind before no longer counts.

schedule: {kind: plateau, factor: 0.5}  +  {kind: cosine}  -->  {kind: cosine}

A field stays where both kinds have it and begin with the same value, so that other examples keep their sample rate and
length, and another schedule does not get a factor that was meant for something else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from separate_cli.recipes.node import TAGS, Node
from separate_cli.recipes.recipe import HEADER
from separate_cli.recipes.schemas import alternatives
from separate_cli.recipes.sections import SECTIONS, section_type

__all__ = ["settled"]

_RESERVED = ("verb", "after")
_NOTHING = object()


def settled(tree: Node) -> Node:
    """A recipe's data without what was written for other kinds."""
    if not isinstance(tree.value, dict):
        return tree
    return replace(tree, value={name: _section(name, node) for name, node in tree.value.items()})


def _section(name: str, node: Node) -> Node:
    verb = node.value["verb"].value if isinstance(node.value, dict) and "verb" in node.value else name
    if name in HEADER or verb not in SECTIONS or not _is_marked(node):
        return node
    return _without_old(node, TypeAdapter(section_type(verb)).json_schema(), [])


def _is_marked(node: Node) -> bool:
    """Whether anything in it was written for another kind."""
    children = node.value.values() if isinstance(node.value, dict) else ()
    return node.kind is not None or any(_is_marked(child) for child in children)


def _without_old(node: Node, schema: dict[str, Any], path: list[str]) -> Node:
    if not isinstance(node.value, dict):
        return node
    now = next((node.value[tag].value for tag in TAGS if tag in node.value), None)
    kept = {
        key: _without_old(child, schema, [*path, key])
        for key, child in node.value.items()
        if child.kind is None or (not path and key in _RESERVED) or _is_shared(schema, path, key, child.kind, now)
    }
    return replace(node, value=kept)


def _is_shared(schema: dict[str, Any], path: list[str], field: str, before: str, now: object) -> bool:
    """Whether a field of one kind is the same in another; all are where there is no such kind, which is told later."""
    old, new = _fields(schema, path, before), _fields(schema, path, now)
    if before == now or not old or not new:
        return True
    values = [fields.get(field, {}).get("default", _NOTHING) for fields in (old, new)]
    return field in old and field in new and values[0] == values[1]


def _fields(schema: dict[str, Any], path: list[str], kind: object) -> dict[str, Any]:
    """The fields of a kind at a path; none if there is no such kind."""
    for one in alternatives(schema, path):
        fields: dict[str, Any] = one.get("properties", {})
        if any(fields.get(tag, {}).get("const", _NOTHING) == kind for tag in TAGS):
            return fields
    return {}
