"""From recipe data to a validated ``Recipe``; every fault is found at once and put in the user's words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from separate_cli.errors import Fault
from separate_cli.recipes.node import Node
from separate_cli.recipes.recipe import HEADER, Recipe, Section
from separate_cli.recipes.sections import SECTIONS, section_type
from separate_cli.specs.base import StageSpec

__all__ = ["closest", "validate"]

_RESERVED = ("verb", "after")
_PLAIN = {
    "Input should be": "expected",
    "Input should": "expected to",
    "String should match pattern": "expected text that matches",
}
_WIDTH = 60
_LISTED = 16


def validate(tree: Node, faults: list[Fault]) -> Recipe | None:
    """The recipe that the data describes; None when it has faults, which go to ``faults``."""
    before = len(faults)
    if not isinstance(tree.value, dict):
        faults.append(Fault(tree.where, "(file)", "expected fields, got nothing of the kind"))
        return None
    sections = [
        section
        for name, node in tree.value.items()
        if name not in HEADER and node.value is not None
        for section in _section(name, node, tree, faults)
    ]
    header = {name: tree.value[name].plain() for name in HEADER if name in tree.value}
    recipe = None
    try:
        recipe = Recipe(**header, sections=tuple(_without_faulty_parents(sections, tree)))
    except ValidationError as error:
        faults.extend(_translate(error, tree, [], Recipe))
    return recipe if len(faults) == before else None


def closest(name: str, names: Sequence[str]) -> str:
    """The sentence that says that a field is unknown and which ones are close."""
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"unknown field; the closest names are: {', '.join(close)}"
    return f"unknown field; there are: {', '.join(sorted(names)[:_LISTED])}" if names else "unknown field"


def _section(name: str, node: Node, tree: Node, faults: list[Fault]) -> Iterator[Section]:
    if not isinstance(node.value, dict):
        known = [*HEADER, *SECTIONS, *(key for key in tree.value if key != name)]
        faults.append(Fault(node.where, name, closest(name, known)))
        return
    verb = node.value["verb"].plain() if "verb" in node.value else name
    if verb not in SECTIONS:
        where, field = (node.value["verb"].where, f"{name}.verb") if "verb" in node.value else (node.where, name)
        faults.append(Fault(where, field, closest(str(verb), [*SECTIONS, *(HEADER if field == name else ())])))
        return
    kind = section_type(verb)
    body = Node({key: value for key, value in node.value.items() if key not in _RESERVED}, node.where)
    try:
        spec: StageSpec = TypeAdapter(kind).validate_python(body.plain())
    except ValidationError as error:
        faults.extend(_translate(error, body, [name], kind))
        return
    after = node.value["after"].plain() if "after" in node.value else spec.needs()
    try:
        yield Section(name=name, verb=verb, after=after, spec=spec)
    except ValidationError as error:
        faults.extend(_translate(error, node, [name], Section))


def _without_faulty_parents(sections: Sequence[Section], tree: Node) -> Iterator[Section]:
    """A section that waits for one whose faults are listed already has no fault of its own."""
    written = {name for name, node in tree.value.items() if node.value is not None}
    faulty = written - {section.name for section in sections}
    for section in sections:
        yield section.model_copy(update={"after": tuple(name for name in section.after if name not in faulty)})


def _translate(error: ValidationError, node: Node, prefix: list[str], kind: Any) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        where, path = node.locate([part for part in detail["loc"] if part != "sections"])
        yield Fault(where, ".".join([*prefix, *path]) or "(file)", _problem(detail, kind))


def _problem(detail: Any, kind: Any) -> str:
    message, value = str(detail["msg"]), detail.get("input")
    if detail["type"] == "extra_forbidden":
        schema = TypeAdapter(kind).json_schema()
        return closest(str(detail["loc"][-1]), sorted(_names(schema, list(detail["loc"][:-1]))))
    if detail["type"] == "missing":
        return "expected a value, got none"
    if detail["type"] == "value_error":
        return message.removeprefix("Value error, ")
    if detail["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        field = str(detail["ctx"]["discriminator"]).strip("'")
        tags = ", ".join(repr(tag) for tag in _tags(TypeAdapter(kind).json_schema(), list(detail["loc"])))
        return f"expected {field} to be one of {tags}, got {_short(detail['ctx'].get('tag'))}"
    got = "" if isinstance(value, (dict, list, tuple)) else f", got {_short(value)}"
    for formal, plain in _PLAIN.items():
        message = message.replace(formal, plain)
    return message + got


def _short(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _names(schema: Mapping[str, Any], path: Sequence[str | int]) -> set[str]:
    """Names of the fields that are allowed at a path of a JSON schema."""
    return {name for one in _at(schema, path) for name in one.get("properties", {})}


def _tags(schema: Mapping[str, Any], path: Sequence[str | int]) -> list[str]:
    """Tags of the union at a path of a JSON schema."""
    return [tag for one in _at(schema, path) for tag in one.get("discriminator", {}).get("mapping", {})]


def _at(schema: Mapping[str, Any], path: Sequence[str | int]) -> list[Mapping[str, Any]]:
    """What a JSON schema says of a path; parts that lead nowhere are tags of unions."""
    here = _expand(schema, schema.get("$defs", {}))
    for part in path:
        below = [
            child
            for one in here
            for child in (one.get("properties", {}).get(part), one.get("additionalProperties"), one.get("items"))
            if isinstance(child, dict)
        ]
        here = [one for child in below for one in _expand(child, schema.get("$defs", {}))] or here
    return here


def _expand(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A schema with references and alternatives resolved."""
    if "$ref" in schema:
        return _expand(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    choices = [choice for key in ("anyOf", "oneOf", "allOf") for choice in schema.get(key, ())]
    return [schema, *(one for choice in choices for one in _expand(choice, definitions))]
