from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from separate_cli.recipes import find, validate
from separate_cli.specs.base import StageSpec


class Train(StageSpec):
    batch_size: int = 4
    device: str = "auto"


BUILT_IN = """\
description: Speech behind masks, clear again.
task: enhancement
corpus: LibriSpeech
model: DeMask
published: {si_sdr_imp: 6.2}
ours: {si_sdr_imp: 6.5}
disk: 3 GB
time: an hour
train:
  batch_size: 8  # a comment
"""


@pytest.fixture(autouse=True)
def one_recipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    types: dict[str, Any] = {"train": Train}
    monkeypatch.setattr(validate, "section_type", types.__getitem__)
    monkeypatch.setattr(validate, "SECTIONS", {"train": ""})
    monkeypatch.setattr(find, "BUILTIN", tmp_path / "builtin")
    (tmp_path / "builtin").mkdir()
    (tmp_path / "builtin" / "toy.yaml").write_text(BUILT_IN)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def test_list_shows_what_each_recipe_is_for(sep: Callable) -> None:
    header, row = (line.split("\t") for line in sep("recipes", "ls").stdout.splitlines())
    assert header == ["name", "task", "corpus", "model", "published", "ours", "disk", "time"]
    assert row == ["toy", "enhancement", "LibriSpeech", "DeMask", "si_sdr_imp 6.2", "si_sdr_imp 6.5", "3 GB", "an hour"]
    assert sep("recipes", "ls", "--json").document["result"]["recipes"][0]["published"] == {"si_sdr_imp": 6.2}
    assert len(sep("recipes", "ls", "--task", "separation").stdout.splitlines()) == 1


def test_list_shows_what_is_wrong_with_a_local_recipe(sep: Callable) -> None:
    Path("recipes").mkdir()
    Path("recipes", "mine.yaml").write_text("a: [\n")
    listed = sep("recipes", "ls")
    rows = listed.stdout.splitlines()
    assert len(rows) == 3
    assert rows[1].startswith("mine (recipes/mine.yaml)\t")
    assert "recipes/mine.yaml:2" in listed.stderr


def test_show_prints_all_fields_and_on_request_where_they_come_from(sep: Callable) -> None:
    plain = sep("recipes", "show", "toy", "--set", "train.device=cpu").stdout
    assert "  batch_size: 8\n  device: cpu\n" in plain
    assert "#" not in plain
    verbose = sep("recipes", "show", "toy", "--verbose").stdout.splitlines()
    assert [line.split("# ")[1] for line in verbose if "batch" in line or "device" in line] == [
        "built-in toy.yaml:10",
        "default",
    ]
    assert sep("recipes", "show", "toy", "--json").document["result"]["recipe"]["train"]["batch_size"] == 8


def test_copy_keeps_the_file_as_it_is_and_never_overwrites_unasked(sep: Callable) -> None:
    assert sep("recipes", "copy", "toy").stdout.strip() == str(Path("recipes", "toy.yaml"))
    assert Path("recipes", "toy.yaml").read_text() == BUILT_IN
    again = sep("recipes", "copy", "toy", "recipes/toy.yaml")
    assert again.code == 2
    assert "exists already" in again.stderr
    assert sep("recipes", "copy", "toy", "recipes/toy.yaml", "--overwrite").code == 0
    Path("folder").mkdir()
    assert sep("recipes", "copy", "toy", "folder").stdout.strip() == str(Path("folder", "toy.yaml"))


def test_check_lists_every_fault_of_every_recipe(sep: Callable) -> None:
    Path("one.yaml").write_text("train:\n  batch_size: x\n  devise: cpu\n")
    Path("two.yaml").write_text("trian: {}\n")
    outcome = sep("recipes", "check", "one.yaml", "two.yaml", "toy")
    assert outcome.code == 2
    assert outcome.stdout.splitlines() == ["toy: valid"]
    listed = [line.strip() for line in outcome.stderr.splitlines() if line.startswith("  ")]
    assert [line.partition(": ")[0] for line in listed] == ["one.yaml:2", "one.yaml:3", "two.yaml:1"]
    document = sep("recipes", "check", "one.yaml", "--json").document
    assert [fault["field"] for fault in document["error"]["faults"]] == ["train.batch_size", "train.devise"]


def test_check_without_names_checks_all_recipes(sep: Callable) -> None:
    outcome = sep("recipes", "check")
    assert (outcome.code, outcome.stdout.strip()) == (0, "toy: valid")


def test_unknown_recipe_is_a_usage_error(sep: Callable) -> None:
    outcome = sep("recipes", "show", "toi")
    assert outcome.code == 2
    assert "closest names are: toy" in outcome.stderr


def test_a_file_that_is_not_text_does_not_keep_the_others_from_being_listed_and_checked(sep: Callable) -> None:
    Path("recipes").mkdir()
    Path("recipes", "strange.yaml").write_bytes(b"\xff\xfe\x00")
    listed = sep("recipes", "ls")
    assert listed.code == 0
    assert "\ntoy\t" in listed.stdout
    assert "strange.yaml is not UTF-8 text." in listed.stderr
    checked = sep("recipes", "check")
    assert (checked.code, checked.stdout.strip()) == (2, "toy: valid")
    assert "One fault found." in checked.stderr and "strange.yaml is not UTF-8 text." in checked.stderr
    assert sep("recipes", "check", "strange").code == 3


def test_a_recipe_without_stages_is_not_valid(sep: Callable) -> None:
    Path("empty.yaml").write_text("extends: []\n")
    for command in (["recipes", "check"], ["run"], ["train", "--recipe"]):
        refused = sep(*command, "empty.yaml")
        assert refused.code == 2
        assert "expected a stage: train; there is none" in refused.stderr
