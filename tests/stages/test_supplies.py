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


def asked_for(name: str, workspace: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        require(load_recipe(name), workspace)
    return caught.value


@pytest.mark.parametrize(
    ("name", "title", "source", "folder"),
    [
        ("librivad", "LibriVAD", "https://github.com/asteroid-team/Libri_VAD", "Libri_VAD"),
        ("tac", "TAC's ad-hoc arrays", "https://github.com/yluo42/TAC", "MC_Libri_adhoc"),
        ("kinect-wsj", "Kinect-WSJ", "https://github.com/sunits/Reverberated_WSJ_2MIX", "Kinect-WSJ"),
    ],
)
def test_what_has_to_be_made_says_with_what_how_large_and_where(
    name: str, title: str, source: str, folder: str, tmp_path: Path
) -> None:
    error = asked_for(name, tmp_path)
    assert error.message == f"The recipe {name} needs data that are not here: {title}, which has to be made."
    assert source in error.hint and str(tmp_path / "data" / folder) in error.hint
    assert f"--set prepare.speech.{name.replace('-', '_')}.path=FOLDER" in error.hint
    assert f"about {load_recipe(name).disk} on the disk" in error.hint
    assert "--with-data" not in error.hint


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("wham") or name.startswith("wsj0-mix")])
def test_what_cannot_be_fetched_comes_first_and_with_data_gets_only_the_rest(name: str, tmp_path: Path) -> None:
    error = asked_for(name, tmp_path)
    assert "WSJ0 (LDC93S6A), which nobody may download; " in error.message
    assert error.hint.startswith("Buy LDC93S6A")
    assert error.hint.endswith("Once that is there, the same command with --with-data gets the rest and goes on.")
    (tmp_path / "data" / "wsj0" / "si_tr_s").mkdir(parents=True)
    assert asked_for(name, tmp_path).hint.startswith("The same command with --with-data gets it and goes on.")


def test_recordings_of_the_users_own_are_asked_for_in_words(tmp_path: Path) -> None:
    error = asked_for("two-speakers", tmp_path)
    assert f"recordings of your own: {tmp_path / 'data' / 'speech'} does not exist" in error.message
    assert error.hint == (
        "Put any clean speech by several speakers there, or name a folder that holds some: "
        "--set prepare.speech.speech.path=FOLDER"
    )
    (tmp_path / "data" / "speech").mkdir(parents=True)
    require(load_recipe("two-speakers"), tmp_path)


def test_with_all_data_here_nothing_is_said(tmp_path: Path) -> None:
    recipe = load_recipe("mini")
    with pytest.raises(InputError, match="The recipe mini needs data that are not here: MiniLibriMix"):
        require(recipe, tmp_path)
    for folder in ("train", "val", "metadata"):
        (tmp_path / "data" / "MiniLibriMix" / folder / "x").mkdir(parents=True)
    require(recipe, tmp_path)
