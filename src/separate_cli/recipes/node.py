"""Recipe data that remembers where each value was written.

    YAML text --parse--> Node tree --merge (extends), assign (--set)--> Node tree --plain()--> what pydantic validates

YAML is read by the 1.2 core rules: ``1e-3`` is a number, ``on`` and ``no`` are words. Nothing in it can run code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from separate_cli.errors import Fault

__all__ = ["CORE", "TAGS", "Node", "parse"]

TAGS = ("kind", "rule")
"""Fields that say which fields there are beside them."""
_ARGUMENT = "--set "
_MOST_NODES = 50_000
"""Far above any recipe: stops a few lines of nested aliases from filling the memory."""


@dataclass(frozen=True)
class Node:
    """A value and where it was written.

    Args:
        value: A scalar, or a dict or list of nodes.
        where: ``file:line``, or the ``--set`` argument.
        replaces: Whether it takes the place of an inherited mapping instead of being merged into it (``!replace``).
        kind: Of the mapping that it was written into, where something on top has made another kind of that mapping.
    """

    value: Any
    where: str
    replaces: bool = False
    kind: str | None = None

    def plain(self) -> Any:
        """The bare data."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def merged_with(self, over: Node) -> Node:
        """This tree with another on top: mappings merge, everything else is replaced."""
        if over.replaces or not isinstance(self.value, dict) or not isinstance(over.value, dict):
            return over
        merged = _marked(self.value, over.value, set(over.value))
        for key, node in over.value.items():
            merged[key] = merged[key].merged_with(node) if key in merged else node
        return Node(merged, over.where)

    def assigned(self, path: Sequence[str], value: Node) -> Node:
        """This tree with the value at a path replaced; mappings on the way are made where there are none.

        Raises:
            ValueError: If something on the way is neither a mapping nor a list with that index.
        """
        if not path:
            return value
        first, rest = path[0], path[1:]
        if isinstance(self.value, list):
            if not first.isdecimal() or int(first) >= len(self.value):
                raise ValueError(f"expected an index from 0 to {len(self.value) - 1}, got {first!r}")
            items = list(self.value)
            items[int(first)] = items[int(first)].assigned(rest, value)
            return replace(self, value=items)
        if self.value is not None and not isinstance(self.value, dict):
            raise ValueError(f"{self.value!r} has no field {first!r}")
        inner = dict(self.value or {})
        if not rest:
            beside = {key for key, node in inner.items() if node.where.startswith(_ARGUMENT)}
            inner = _marked(inner, {first: value}, {first, *beside})
        inner[first] = replace(inner.get(first, Node(None, value.where)).assigned(rest, value), kind=None)
        return replace(self, value=inner)

    def locate(self, path: Sequence[str | int]) -> tuple[str, list[str]]:
        """Where a value was written, and its path without the parts that are not in the data.

        Validation inserts the tags of unions into paths; only the last part may be missing (a required field).
        """
        node, found = self, []
        for position, part in enumerate(path):
            child = _child(node, part)
            if child is not None:
                node = child
                found.append(str(part))
            elif position == len(path) - 1:
                found.append(str(part))
        return node.where, found


def _marked(mapping: dict[str, Node], over: dict[str, Node], kept: set[str]) -> dict[str, Node]:
    """A mapping whose values, but for ``kept``, remember its kind if ``over`` gives it another one."""
    for tag in TAGS:
        old, new = (side[tag].value if tag in side else None for side in (mapping, over))
        if isinstance(old, str) and isinstance(new, str) and old != new:
            return {
                key: node if key in kept or node.kind is not None else replace(node, kind=old)
                for key, node in mapping.items()
            }
    return dict(mapping)


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(str(part))
    if isinstance(node.value, list) and str(part).isdecimal() and int(part) < len(node.value):
        child: Node = node.value[int(part)]
        return child
    return None


_TAG = "tag:yaml.org,2002:"
CORE: tuple[tuple[str, re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (_TAG + name, re.compile(f"^(?:{pattern})$"), (*first,) or ("",))
    for name, pattern, first in [
        ("null", r"~|null|Null|NULL", "~nN"),
        ("null", "", ""),
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
        ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ]
)
"""Which plain words are not text: tag, pattern, first characters."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # whichever this installation has
    """Safe loader with the YAML 1.2 core schema instead of 1.1."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own form


for _rule in CORE:
    _Loader.add_implicit_resolver(*_rule)


def parse(text: str, where: str, faults: list[Fault], *, lines: bool = True) -> Node:
    """Read YAML; what is wrong goes to ``faults``.

    Args:
        text: The YAML.
        where: Name of the file, or the ``--set`` argument.
        faults: Gets one entry per fault.
        lines: Whether to add line numbers to ``where``.
    """
    reader = _Reader(where, faults, lines=lines)
    try:
        root = yaml.compose(text, Loader=_Loader)
        return Node(None, where) if root is None else reader.node(root, "")
    except yaml.MarkedYAMLError as error:
        reader.fault(error.problem_mark, "", str(error.problem or error.context))
    except yaml.YAMLError as error:
        reader.fault(None, "", str(error).splitlines()[0])
    except RecursionError:
        reader.fault(None, "", "it is nested too deeply, or an alias holds itself")
    return Node(None, where)


class _Reader:
    """Turns PyYAML's nodes into ours."""

    def __init__(self, where: str, faults: list[Fault], *, lines: bool) -> None:
        self._where, self._faults, self._lines = where, faults, lines
        self._count = 0

    def fault(self, mark: Any, field: str, problem: str) -> None:
        self._faults.append(Fault(self._at(mark), field or "(file)", problem))

    def _at(self, mark: Any) -> str:
        return f"{self._where}:{mark.line + 1}" if self._lines and mark is not None else self._where

    def node(self, node: Any, path: str) -> Node:
        self._count += 1
        if self._count > _MOST_NODES:
            raise yaml.YAMLError("it has too many values")
        where = self._at(node.start_mark)
        known = ("map", "seq", "null", "bool", "int", "float", "str")
        if node.tag != "!replace" and node.tag not in [_TAG + name for name in known]:
            self.fault(node.start_mark, path, f"unknown tag {node.tag!r}; only !replace is known")
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, path), where, replaces=node.tag == "!replace")
        if isinstance(node, yaml.SequenceNode):
            return Node(
                [self.node(item, f"{path}.{i}" if path else str(i)) for i, item in enumerate(node.value)], where
            )
        return Node(_scalar(node.tag.removeprefix(_TAG), node.value), where)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            field = f"{path}.{name}" if path else name
            if not isinstance(key, yaml.ScalarNode):
                self.fault(key.start_mark, field, "a name is expected here")
            elif name in found:
                self.fault(key.start_mark, field, f"given twice; first in {found[name].where}")
            found[name] = replace(self.node(value, field), where=self._at(key.start_mark))
        return found


def _scalar(kind: str, text: str) -> Any:
    """The value of a scalar; where a forced tag does not fit, it stays text, which validation finds."""
    try:
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text, 0) if text.lower().startswith(("0x", "0o")) else int(text)
        if kind == "float":
            return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))
    except ValueError:
        pass
    return text
