"""What is published of which run: models that a recipe names, recipes that have moved, authors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from separate_cli.errors import InputError, RefusedError
from separate_cli.files import hash_file
from separate_cli.hub import Dataset, read_header, save_checkpoint
from separate_cli.hub.tokens import HUGGING_FACE, SANDBOX, ZENODO, Token
from separate_cli.models import get
from separate_cli.specs.publish import PublishSpec
from separate_cli.stages.publish import prepare, publish, service_of
from servers.zenodo import TOKEN, Zenodo
from tiny_runs import run_recipe

ZENODO_SPEC = PublishSpec(hub="zenodo", authors=("Doe, Jane",))


def test_a_model_that_the_recipe_names_is_published_with_its_own_data_sets(
    evaluated_workspace: Path, speech_folder: Path, tmp_path: Path
) -> None:
    own = Dataset(name="street", licence="CC BY-NC 4.0", author="Roe")
    mine = tmp_path / "mine.safetensors"
    save_checkpoint(get("DeMask")(hidden_dims=[4], norm_type="cLN"), mine, datasets=(own,), task="demask")
    run_recipe(evaluated_workspace, speech_folder, "train=null", f"eval.model={json.dumps(str(mine))}")
    prepared = prepare(ZENODO_SPEC, evaluated_workspace, run="tiny")
    header = read_header(prepared.folder.path / "model.safetensors")
    assert (header.licence, header.parents["trained"]) == ("CC BY-NC 4.0", hash_file(mine))
    assert prepared.facts.title == "DeMask_street_demask"
    assert str(tmp_path) not in json.dumps(header.model_dump(mode="json"))


def test_a_model_that_does_not_say_what_it_was_trained_on_is_not_published(
    evaluated_workspace: Path, speech_folder: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.safetensors"
    save_checkpoint(get("DeMask")(hidden_dims=[4], norm_type="cLN"), mine)
    run_recipe(evaluated_workspace, speech_folder, "train=null", f"eval.model={json.dumps(str(mine))}")
    with pytest.raises(RefusedError, match="does not say what it was trained on"):
        prepare(ZENODO_SPEC, evaluated_workspace)
    assert not list((evaluated_workspace / "publish").rglob("*.safetensors"))


def test_a_recipe_that_has_moved_is_no_obstacle(evaluated_workspace: Path) -> None:
    note = evaluated_workspace / "exp" / "tiny" / "run.json"
    noted = json.loads(note.read_text())
    note.write_text(json.dumps({**noted, "recipe": "/nowhere/tiny.yaml"}))
    assert prepare(ZENODO_SPEC, evaluated_workspace).facts.header.recipe["name"] == "tiny"
    note.unlink()
    assert "name" not in prepare(ZENODO_SPEC, evaluated_workspace).facts.header.recipe


def test_the_run_is_named_before_anything_is_written(evaluated_workspace: Path) -> None:
    told: list[str] = []

    def chosen(evaluation: object) -> None:
        told.append(evaluation.run)  # type: ignore[attr-defined]
        assert not (evaluated_workspace / "publish").exists()

    prepare(ZENODO_SPEC, evaluated_workspace, chosen=chosen)
    assert told == ["tiny"]


def test_what_is_published_does_not_disturb_the_list_of_runs(evaluated_workspace: Path) -> None:
    from separate_cli.pipeline.inventory import take_inventory

    before = [(one.run, one.stage, one.state) for one in take_inventory(evaluated_workspace)]
    prepare(ZENODO_SPEC, evaluated_workspace)
    assert [(one.run, one.stage, one.state) for one in take_inventory(evaluated_workspace)] == before
    assert shutil.rmtree(evaluated_workspace / "publish") is None


def test_what_was_shown_is_what_is_sent_or_nothing(evaluated_workspace: Path, zenodo: Zenodo) -> None:
    prepared = prepare(ZENODO_SPEC, evaluated_workspace)
    (prepared.folder.path / "README.md").write_text("other words")
    with pytest.raises(InputError, match="has changed since it was shown"):
        publish(prepared, Token(TOKEN, "the test"))
    assert zenodo.log == []


def test_each_place_has_its_own_token_and_communities(evaluated_workspace: Path) -> None:
    trial, hub = PublishSpec(hub="zenodo", sandbox=True), PublishSpec(hub="hugging_face", repo="jane/x")
    assert [service_of(one) for one in (ZENODO_SPEC, trial, hub)] == [ZENODO, SANDBOX, HUGGING_FACE]
    for spec, expected in ((ZENODO_SPEC, ("asteroid-models",)), (trial, ()), (hub, ())):
        prepared = prepare(spec.model_copy(update={"authors": ("Doe, Jane",)}), evaluated_workspace)
        assert prepared.communities == expected
