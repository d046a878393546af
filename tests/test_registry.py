"""Tables of names: what an unknown name is answered with."""

from __future__ import annotations

import re

import pytest

from separate_cli import models
from separate_cli.registry import Registry, closest


def colours() -> Registry[int]:
    table = Registry[int]("colour")
    for number, (name, aliases) in enumerate(
        {"Red": ["redd", "reds", "rred"], "Green": [], "Blue": ["azure"], "White": [], "Amber": []}.items()
    ):
        table.register(name, number, aliases=aliases)
    return table


def suggested(message: str) -> list[str]:
    return re.split(", ", message.partition("the closest names are: ")[2].rstrip("."))


def test_an_unknown_name_gets_three_different_names_also_where_aliases_are_the_closest() -> None:
    found = suggested(colours().unknown("red_"))
    assert found[0] == "Red"
    assert len(found) == len(set(found)) == 3


@pytest.mark.parametrize("name", ["hite", "WHITE!", "xqzjite"])
def test_what_is_nowhere_near_gets_the_nearest_not_the_first_of_the_alphabet(name: str) -> None:
    found = suggested(colours().unknown(name))
    assert found[0] == "White"
    assert len(found) == 3


def test_an_alias_leads_to_the_name_that_is_told() -> None:
    assert suggested(colours().unknown("azur"))[0] == "Blue"


def test_small_tables_tell_all_that_they_have() -> None:
    table = Registry[int]("shape")
    assert table.unknown("square") == "Unknown shape 'square'; the closest names are: none."
    table.register("Triangle", 3)
    assert suggested(table.unknown("square")) == ["Triangle"]
    assert closest("", ["b", "a"]) == closest("", ["a", "b"])


def test_other_tables_are_searched_too() -> None:
    more = Registry[int]("shade")
    more.register("Crimson", 9)
    assert suggested(colours().unknown("crimsen", more))[0] == "Crimson"


@pytest.mark.parametrize("odd", [None, 3, ["ConvTasNet"]])
def test_what_is_no_text_is_refused_in_words(odd: object) -> None:
    with pytest.raises(TypeError, match=r"Expected the name of a model as text, got"):
        models.get(odd)  # type: ignore[arg-type]
