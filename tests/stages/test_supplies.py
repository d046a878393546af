"""What recipes need: names that the catalog has, folders where recipes look, parts that are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.data.catalog import corpus_called
from separate_cli.errors import InputError
from separate_cli.recipes.find import list_recipes
from separate_cli.recipes.load import load_recipe
from separate_cli.stages.supplies import missing, require

NAMES = [name for name, _ in list_recipes()]


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_names_corpora_that_there_are_and_looks_where_they_go(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    lacking = missing(recipe, tmp_path)
    assert bool(lacking) == bool(recipe.downloads)
    for corpus, parts in recipe.downloads.items():
        corpus_called(corpus).choose(parts)


def test_parts_that_are_here_are_not_asked_for(tmp_path: Path) -> None:
    recipe = load_recipe("librimix-100")
    for part in ("train-clean-100", "dev-clean"):
        (tmp_path / "data" / "LibriSpeech" / part / "1").mkdir(parents=True)
    speech, lists = missing(recipe, tmp_path)
    assert [part.name for part in speech.parts] == ["test-clean"]
    assert speech.command == "sep data download librispeech --parts test-clean"
    assert str(lists) == "LibriMix lists (libri2mix), 16 MB to download, 16 MB unpacked"


def test_noise_is_needed_only_where_it_is_used(tmp_path: Path) -> None:
    needs = {
        name: [one.corpus.name for one in missing(load_recipe(name), tmp_path)]
        for name in ("librimix", "librimix-noisy")
    }
    assert needs == {
        "librimix": ["librispeech", "librimix"],
        "librimix-noisy": ["librispeech", "librimix", "wham-noise"],
    }


def test_with_all_data_here_nothing_is_said(tmp_path: Path) -> None:
    recipe = load_recipe("mini")
    with pytest.raises(InputError, match="The recipe mini needs data that are not here: MiniLibriMix"):
        require(recipe, tmp_path)
    for folder in ("train", "val", "metadata"):
        (tmp_path / "data" / "MiniLibriMix" / folder / "x").mkdir(parents=True)
    require(recipe, tmp_path)
