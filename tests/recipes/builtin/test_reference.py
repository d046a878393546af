"""``docs/reference/recipes.md`` lists every recipe with its figures, and every kind that a section can be of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from separate_cli.recipes.find import list_recipes
from separate_cli.recipes.load import load_recipe
from separate_cli.recipes.recipe import HEADER
from separate_cli.recipes.sections import section_type
from separate_cli.specs.examples import ExamplesSpec
from separate_cli.specs.objectives import ObjectiveSpec

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference/recipes.md").read_text("utf-8")
OURS = {"mini", "two-speakers"}
"""Recipes without a model in Asteroid."""


def scores(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in figures.items())


def row(name: str) -> str:
    recipe = load_recipe(name)
    published = scores(recipe.published)
    if published:
        linked = recipe.source.startswith("https://")
        published = f"[{published}]({recipe.source})" if linked else f"{published} ({recipe.source})"
    about = [f"`{name}`", recipe.task, recipe.corpus, recipe.model, published, scores(recipe.ours)]
    return f"| {' | '.join([*about, recipe.disk, recipe.time])} |"


def test_the_table_holds_every_recipe_as_it_is() -> None:
    table = [line for line in PAGE.split("## Header")[0].splitlines() if line.startswith("| `")]
    assert table == [row(name) for name, _ in list_recipes()]


def test_who_comes_from_asteroid_finds_each_recipe() -> None:
    section = (DOCS / "coming-from-asteroid.md").read_text("utf-8").split("## Recipes")[1].split("## ")[0]
    told = re.findall(r"`([^`]+)`", " ".join(line.split("|")[2] for line in section.splitlines() if "`" in line[:3]))
    assert sorted(told) == sorted({name for name, _ in list_recipes()} - OURS)


@pytest.mark.parametrize("union", [ExamplesSpec, ObjectiveSpec, section_type("eval")])
def test_every_kind_has_a_line(union: Any) -> None:
    kinds = [kind.model_fields["kind"].default for kind in get_args(get_args(union)[0])]
    assert len(kinds) > 5
    assert [kind for kind in kinds if f"\n| `{kind}` |" not in PAGE] == []


def test_every_field_of_the_header_is_told() -> None:
    assert [name for name in HEADER if name != "name" and f"`{name}`" not in PAGE] == []
