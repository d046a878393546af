"""What the JSON schema of a section says of a place in it: which fields, which kinds, which defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["alternatives", "field_names", "tag_names"]

Schema = Mapping[str, Any]


def field_names(schema: Schema, path: Sequence[str | int]) -> set[str]:
    """Names of the fields that are allowed at a path."""
    return {name for one in alternatives(schema, path) for name in one.get("properties", {})}


def tag_names(schema: Schema, path: Sequence[str | int]) -> list[str]:
    """Tags of the union at a path."""
    return [tag for one in alternatives(schema, path) for tag in one.get("discriminator", {}).get("mapping", {})]


def alternatives(schema: Schema, path: Sequence[str | int]) -> list[Schema]:
    """What may stand at a path: a schema each. A part that is the tag of a union chooses its member."""
    definitions = schema.get("$defs", {})
    here = _expand(schema, definitions)
    for part in path:
        chosen = [one["discriminator"]["mapping"].get(part) for one in here if "discriminator" in one]
        below = [
            child
            for one in here
            for child in (one.get("properties", {}).get(part), one.get("additionalProperties"), one.get("items"))
            if isinstance(child, dict)
        ]
        if any(chosen):
            below = [{"$ref": reference} for reference in chosen if reference]
        here = [one for child in below for one in _expand(child, definitions)] or here
    return here


def _expand(schema: Schema, definitions: Mapping[str, Any]) -> list[Schema]:
    """A schema with references and alternatives resolved."""
    if "$ref" in schema:
        return _expand(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    choices = [choice for key in ("anyOf", "oneOf", "allOf") for choice in schema.get(key, ())]
    return [schema, *(one for choice in choices for one in _expand(choice, definitions))]
