from __future__ import annotations

from typing import Any

import pytest

from separate_cli.errors import Fault
from separate_cli.recipes.node import Node, parse


def read(text: str) -> Any:
    faults: list[Fault] = []
    node = parse(text, "a.yaml", faults)
    assert not faults, faults
    return node.plain()


def faults_of(text: str) -> list[str]:
    faults: list[Fault] = []
    parse(text, "a.yaml", faults)
    return [str(fault) for fault in faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.0e-3", 0.001),
        ("-.5", -0.5),
        ("12", 12),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("on", "on"),
        ("no", "no"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("'12'", "12"),
        ("1.2.3", "1.2.3"),
        ("ü", "ü"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("!!str 12", "12"),
        ("!!int x", "x"),
        ("&a [1]", [1]),
        ("{a: &x {b: 1}, c: *x}", {"a": {"b": 1}, "c": {"b": 1}}),
    ],
)
def test_yaml_is_read_by_the_core_rules_of_1_2(text: str, value: Any) -> None:
    assert read(text) == value
    assert type(read(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: {c: 2,\n", "a.yaml:3: (file): "),
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3: a: given twice; first in a.yaml:1"),
        ("a:\n  b: !!python/object/apply:os.system [ls]\n", "a.yaml:2: a.b: unknown tag "),
        ("? [1, 2]\n: x\n", "a.yaml:1: ?: a name is expected here"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: (file): "),
        ("a:\n\t- b\n", "a.yaml:2: (file): "),
        ("a: \x07\n", "a.yaml: (file): "),
        ("&a [*a]", "a.yaml: (file): it is nested too deeply, or an alias holds itself"),
        ("[" * 5000, "a.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, fault: str) -> None:
    assert faults_of(text)[0].startswith(fault)


def test_few_lines_of_nested_aliases_do_not_fill_the_memory() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "too many values" in faults_of("\n".join(levels))[0]


def tree(text: str, where: str = "base") -> Node:
    return parse(text, where, [])


def test_mappings_merge_and_lists_and_scalars_are_replaced() -> None:
    base = tree("{a: {b: 1, c: [1, 2]}, d: 4}")
    assert base.merged_with(tree("{a: {c: [3], e: 5}, d: {f: 6}}")).plain() == {
        "a": {"b": 1, "c": [3], "e": 5},
        "d": {"f": 6},
    }


def test_replace_tag_replaces_a_mapping() -> None:
    base = tree("{model: {name: A, width: 3}}")
    assert base.merged_with(tree("{model: !replace {name: B}}")).plain() == {"model": {"name": "B"}}


def test_origin_of_each_value_survives_the_merge() -> None:
    merged = tree("a:\n  b: 1\n  c: 2\n").merged_with(tree("\n\na:\n  c: 3\n", "over"))
    assert merged.locate(["a", "b"]) == ("base:2", ["a", "b"])
    assert merged.locate(["a", "c"]) == ("over:4", ["a", "c"])


def test_locating_skips_the_tags_that_validation_inserts_and_keeps_a_missing_last_field() -> None:
    assert tree("a:\n  b: 1\n").locate(["a", "some-tag", "b"]) == ("base:2", ["a", "b"])
    assert tree("a:\n  b: 1\n").locate(["a", "c"]) == ("base:1", ["a", "c"])
    assert tree("- x\n- y: 1\n").locate([1, "y"]) == ("base:2", ["1", "y"])


def test_assignment_makes_what_is_missing_and_reaches_into_lists() -> None:
    value = Node(9, "--set")
    assert tree("{}").assigned(["a", "b"], value).plain() == {"a": {"b": 9}}
    assert tree("{a: [{b: 1}, {b: 2}]}").assigned(["a", "1", "b"], value).plain() == {"a": [{"b": 1}, {"b": 9}]}
    assert tree("{a: {b: 1, c: 2}}").assigned(["a"], value).plain() == {"a": 9}


@pytest.mark.parametrize(("path", "problem"), [(["a", "2"], "index from 0 to 1"), (["b", "c"], "5 has no field 'c'")])
def test_assignment_that_cannot_work_says_why(path: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        tree("{a: [1, 2], b: 5}").assigned(path, Node(9, "--set"))
