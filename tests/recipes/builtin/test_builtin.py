"""All built-in recipes: they validate, say what they are, where their figures are from, and repeat nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from separate_cli.recipes.find import BUILTIN, list_recipes
from separate_cli.recipes.load import load_recipe

NAMES = [name for name, _ in list_recipes()]
FILES = sorted(BUILTIN.rglob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_validates_and_says_what_it_is(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert all([recipe.description, recipe.task, recipe.corpus, recipe.model, recipe.disk, recipe.time])
    assert bool(recipe.published) <= bool(recipe.source), "published scores have a source"
    assert [section.verb for section in recipe.sections][-1] == "eval"


@pytest.mark.parametrize("name", NAMES)
def test_model_rate_and_sources_are_those_of_the_examples(name: str) -> None:
    """What only the constructor knows is known here: it is called, on no memory."""
    import torch

    from separate_cli import models
    from separate_cli.specs.train import TrainSpec

    for section in load_recipe(name).sections:
        if isinstance(section.spec, TrainSpec):
            with torch.device("meta"):
                model = models.get(section.spec.model.name)(**section.spec.model.args)
            assert model.sample_rate == section.spec.examples.sample_rate
            assert model.n_sources == getattr(section.spec.examples, "n_src", model.n_sources)


def blocks(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Every mapping of three fields or more, by its path."""
    if not isinstance(value, dict):
        return []
    own = [(path, yaml.safe_dump(value, sort_keys=True))] if len(value) >= 3 and path else []
    return own + [found for key, item in value.items() for found in blocks(item, f"{path}.{key}")]


def test_no_two_files_hold_the_same_block() -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!replace", lambda loader, node: loader.construct_mapping(node, deep=True))
    seen: dict[tuple[str, str], Path] = {}
    assert len(FILES) > 10
    for file in FILES:
        for block in blocks(yaml.load(file.read_text("utf-8"), Loader)):
            assert block not in seen, f"{file} repeats {block[0]} of {seen[block]}"
            seen[block] = file


def test_building_blocks_are_all_used() -> None:
    texts = {file: file.read_text("utf-8") for file in FILES}
    for file in FILES:
        if file.is_relative_to(BUILTIN / "parts") and file.stem != "evaluation":
            name = file.relative_to(BUILTIN).with_suffix("").as_posix()
            others = [text for other, text in texts.items() if other != file]
            assert any(name in text or f"{file.name}" in text for text in others), file
