"""Which evaluation is published, and that the model is the one that was scored."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from separate_cli.errors import InputError, UsageError
from separate_cli.files import hash_file
from separate_cli.hub.publishing.evaluated import find_evaluation, with_model
from separate_cli.pipeline.record import read_record


def renamed_copy(workspace: Path, name: str, *, finished: float) -> None:
    """A second run, scored at another time."""
    shutil.copytree(workspace / "exp" / "tiny", workspace / "exp" / name)
    for note in (workspace / "exp" / name).glob("eval/*/stage.json"):
        document = json.loads(note.read_text())
        note.write_text(json.dumps({**document, "finished": finished}))


def test_without_a_name_it_is_the_run_that_was_scored_last(evaluated_workspace: Path) -> None:
    assert find_evaluation(evaluated_workspace).run == "tiny"
    renamed_copy(evaluated_workspace, "later", finished=4e9)
    renamed_copy(evaluated_workspace, "earlier", finished=1e9)
    assert find_evaluation(evaluated_workspace).run == "later"
    assert find_evaluation(evaluated_workspace, "tiny").run == "tiny"


def test_a_run_is_named_by_its_name_or_any_folder_in_it(evaluated_workspace: Path) -> None:
    found = find_evaluation(evaluated_workspace, "tiny")
    for place in ("exp/tiny", str(evaluated_workspace / "exp" / "tiny" / "eval"), str(found.folder)):
        assert find_evaluation(evaluated_workspace, place).folder == found.folder


@pytest.mark.parametrize("name", ["tinny", "..", ".", "", "/", "exp"])
def test_what_is_no_run_is_refused(evaluated_workspace: Path, name: str) -> None:
    with pytest.raises(UsageError, match="There is no run"):
        find_evaluation(evaluated_workspace, name)


def test_a_workspace_without_evaluations_says_what_to_do(tmp_path: Path, evaluated_workspace: Path) -> None:
    with pytest.raises(InputError, match="no evaluation that is up to date") as caught:
        find_evaluation(tmp_path / "empty")
    assert "sep eval" in caught.value.hint
    shutil.rmtree(evaluated_workspace / "exp" / "tiny" / "eval")
    with pytest.raises(InputError, match="The run tiny holds no evaluation"):
        find_evaluation(evaluated_workspace, "tiny")


def test_an_evaluation_of_an_older_model_is_refused(evaluated_workspace: Path) -> None:
    (note,) = (evaluated_workspace / "exp" / "tiny" / "train").glob("*/stage.json")
    document = json.loads(note.read_text())
    document["outputs"]["model.safetensors"]["sha256"] = "0" * 64
    note.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"The evaluation of tiny is stale: train changed since") as caught:
        find_evaluation(evaluated_workspace, "tiny")
    assert caught.value.hint == "Evaluate it: sep eval tiny"


def test_the_model_is_the_file_that_was_scored(evaluated_workspace: Path) -> None:
    evaluation = find_evaluation(evaluated_workspace)
    run = with_model(evaluation, evaluated_workspace)
    assert hash_file(run.model) == evaluation.scores["model"]
    assert run.model.parts[-3] == "train"


def test_a_model_that_was_changed_since_is_not_published(evaluated_workspace: Path) -> None:
    evaluation = find_evaluation(evaluated_workspace)
    model = with_model(evaluation, evaluated_workspace).model
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    os.utime(model)
    with pytest.raises(InputError, match="was changed"):
        with_model(evaluation, evaluated_workspace)


def test_a_model_that_the_recipe_names_is_found_by_its_content(evaluated_workspace: Path, tmp_path: Path) -> None:
    evaluation = find_evaluation(evaluated_workspace)
    model = with_model(evaluation, evaluated_workspace).model
    elsewhere = shutil.move(model, tmp_path / "mine.safetensors")
    with pytest.raises(InputError, match="cannot be published"):
        with_model(evaluation, evaluated_workspace)
    assert with_model(evaluation, evaluated_workspace, named=Path(elsewhere)).model == elsewhere
    (tmp_path / "other.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="was changed"):
        with_model(evaluation, evaluated_workspace, named=tmp_path / "other.safetensors")


def test_the_hash_of_the_evaluation_set_ignores_the_model_and_nothing_else(evaluated_workspace: Path) -> None:
    evaluation = find_evaluation(evaluated_workspace)
    record = read_record(evaluation.folder)
    assert record is not None
    digest = evaluation.set_digest

    def changed(**changes: object) -> str:
        return type(evaluation)("r", evaluation.folder, record.model_copy(update=changes), evaluation.scores).set_digest

    assert changed(inputs={**record.inputs, "train": record.inputs["prepare"]}) == digest
    assert changed(spec={**record.spec, "metrics": ["sdr"], "saved_examples": 9}) == digest
    assert changed(inputs={**record.inputs, "prepare": record.inputs["train"]}) != digest
    assert changed(spec={**record.spec, "part": "valid"}) != digest
    assert changed(spec={**record.spec, "masks": ["N95"]}) != digest
