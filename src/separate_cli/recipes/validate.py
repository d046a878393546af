"""From recipe data to a validated ``Recipe``; every fault is found at once and put in the user's words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from separate_cli.errors import Fault
from separate_cli.recipes.node import Node
from separate_cli.recipes.recipe import HEADER, Recipe, Section
from separate_cli.recipes.schemas import field_names, tag_names
from separate_cli.recipes.sections import SECTIONS, section_type
from separate_cli.specs.base import StageSpec

__all__ = ["closest", "validate"]

_RESERVED = ("verb", "after")
_UNKNOWN_TAG = ("union_tag_invalid", "union_tag_not_found")
_NOWHERE = "(nowhere)"
_EXPECTED = "expected "
_PLAIN = {
    r"Input should be": "expected",
    r"Input should": "expected to",
    r"Input is not a valid path.*": "expected a path",
    r"String should match pattern": "expected text that matches",
    r"a valid integer(, .*)?": "a whole number",
    r"a valid number(, .*)?": "a number",
    r"a valid (tuple|list)": "a list",
    r"a valid dictionary( or .*)?": "fields",
    r"a valid string": "text",
    r"a valid boolean(, .*)?": "true or false",
}
"""Words of pydantic → ours."""
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
    if not any(name not in HEADER and node.value is not None for name, node in tree.value.items()):
        faults.append(Fault(tree.where, "(file)", f"expected a stage: {', '.join(SECTIONS)}; there is none"))
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
    choices: dict[tuple[str, str], list[str]] = {}
    for detail in error.errors(include_url=False):
        where, path = _place(detail, node, kind)
        field = ".".join([*prefix, *path]) or "(file)"
        choices.setdefault((where, field), []).append(_problem(detail, kind))
    for (where, field), problems in choices.items():
        yield Fault(where, field, _either(problems))


def _place(detail: Any, node: Node, kind: Any) -> tuple[str, list[str]]:
    """Where a value was written, and its path: without what pydantic calls the choices of a union."""
    path = [part for part in detail["loc"] if part != "sections"]
    if detail["type"] in _UNKNOWN_TAG:
        tagged, _ = node.locate([*path, str(detail["ctx"]["discriminator"]).strip("'")])
        return tagged, node.locate(path)[1]
    where, found = node.locate(path)
    is_in_data = len(found) < 1 or node.locate([*path, _NOWHERE])[1][:-1] == found
    if is_in_data or detail["type"] == "missing":
        return where, found
    is_field = found[-1] in field_names(TypeAdapter(kind).json_schema(), path[:-1])
    return where, found if is_field else found[:-1]


def _either(problems: list[str]) -> str:
    """What is wrong with a value that may be of several kinds, and is of none.

    >>> _either(["expected greater than 0, got 0", "expected 'auto', got 0"])
    "expected greater than 0 or 'auto', got 0"
    """
    if len(problems) == 1 or not all(problem.startswith(_EXPECTED) for problem in problems):
        return "; ".join(problems)
    wanted = [problem.removeprefix(_EXPECTED).partition(", got ")[0] for problem in problems]
    _, got, value = problems[-1].partition(", got ")
    return f"{_EXPECTED}{' or '.join(dict.fromkeys(wanted))}{got}{value}"


def _problem(detail: Any, kind: Any) -> str:
    message, value = str(detail["msg"]), detail.get("input")
    if detail["type"] == "extra_forbidden":
        schema = TypeAdapter(kind).json_schema()
        return closest(str(detail["loc"][-1]), sorted(field_names(schema, list(detail["loc"][:-1]))))
    if detail["type"] == "missing":
        return "expected a value, got none"
    if detail["type"] == "value_error":
        return message.removeprefix("Value error, ")
    if detail["type"] == "too_short":
        least, there = detail["ctx"]["min_length"], detail["ctx"]["actual_length"]
        return f"expected at least {least} item{'s' if least > 1 else ''}, got {there or 'none'}"
    if detail["type"] in _UNKNOWN_TAG:
        field = str(detail["ctx"]["discriminator"]).strip("'")
        tags = ", ".join(repr(tag) for tag in tag_names(TypeAdapter(kind).json_schema(), list(detail["loc"])))
        return f"expected {field} to be one of {tags}, got {_short(detail['ctx'].get('tag'))}"
    got = "" if isinstance(value, (dict, list, tuple)) else f", got {_short(value)}"
    for formal, plain in _PLAIN.items():
        message = re.sub(formal, plain, message)
    return message + got


def _short(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
