from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from separate_cli.errors import InputError, SpecError, UsageError
from separate_cli.recipes.load import available, load_recipe, load_with_origins
from separate_cli.recipes.show import as_yaml

Write = Callable[[str, str], Path]


def faults_of(name: str, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load_recipe(name, overrides)
    assert caught.value.exit_code == 2
    return [str(fault) for fault in caught.value.faults]


def test_recipe_is_a_header_and_validated_sections(good: Path) -> None:
    recipe = load_recipe("good.yaml")
    assert (recipe.name, recipe.task, recipe.published) == ("good", "separation", {"si_sdr": 14.7})
    assert [section.name for section in recipe.sections] == ["prepare", "train"]
    assert recipe["train"].model_dump()["optimizer"] == {"name": "adam", "lr": 1e-4}
    assert "eval" not in recipe


def test_every_fault_is_reported_at_once_with_file_line_and_field(write: Write) -> None:
    write(
        "bad.yaml",
        """\
descripton: typo
prepare:
  kind: libri
  speakers: 0
train:
  epochs: many
  optimizer:
    name: adan
    lr: -1
  layers:
    - {lr: 1}
    - {learning_rate: 1}
eval:
  metrics: si_sdr
tune:
  x: 1
""",
    )
    assert sorted(faults_of("bad.yaml", "train.epoch=3", "trian.epochs=3", "nonsense", "train.epochs.x=1")) == [
        "--set nonsense: nonsense: expected FIELD=VALUE, such as train.epochs=100",
        "--set train.epoch=3: train.epoch: unknown field; the closest names are: epochs",
        "--set train.epochs.x=1: train.epochs.x: 'many' has no field 'x'",
        "--set trian.epochs=3: trian.epochs: unknown field; the closest names are: train",
        "bad.yaml:12: train.layers.1.learning_rate: unknown field; there are: lr, name",
        "bad.yaml:14: eval.metrics: expected a list, got 'si_sdr'",
        "bad.yaml:15: tune: unknown field; there are: corpus, description, disk, downloads, eval, model, name, ours, "
        "prepare, published, source, task, time, train",
        "bad.yaml:1: descripton: unknown field; the closest names are: description",
        "bad.yaml:2: prepare.folder: expected a value, got none",
        "bad.yaml:4: prepare.speakers: expected greater than 0, got 0",
        "bad.yaml:5: train.batch_size: expected a value, got none",
        "bad.yaml:6: train.epochs: expected a whole number, got 'many'",
        "bad.yaml:8: train.optimizer.name: expected 'adam' or 'sgd', got 'adan'",
        "bad.yaml:9: train.optimizer.lr: expected greater than 0, got -1",
    ]


def test_section_with_faults_is_not_said_to_be_missing(write: Write) -> None:
    write("r.yaml", "prepare: {kind: libri, folder: speech}\ntrain: {batch_size: 0}\neval: {}\n")
    assert faults_of("r.yaml") == ["r.yaml:2: train.batch_size: expected greater than 0, got 0"]


def test_rule_over_several_fields_names_the_section(write: Write) -> None:
    write("bad.yaml", "prepare: {kind: music}\ntrain: {batch_size: 1, epochs: 13}\n")
    assert faults_of("bad.yaml") == ["bad.yaml:2: train: expected a lucky number of epochs, got 13"]


def test_unknown_kind_is_answered_with_the_known_ones(write: Write) -> None:
    write("bad.yaml", "prepare:\n  kind: libry\n")
    assert faults_of("bad.yaml") == ["bad.yaml:2: prepare: expected kind to be one of 'libri', 'music', got 'libry'"]
    write("none.yaml", "prepare:\n  stems: []\n")
    assert faults_of("none.yaml") == ["none.yaml:1: prepare: expected kind to be one of 'libri', 'music', got null"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "bad.yaml: (file): expected fields, such as extends: or train:"),
        ("- 1\n", "bad.yaml:1: (file): expected fields, such as extends: or train:"),
        ("train: 3\n", "bad.yaml:1: train: unknown field"),
        ("train: {verb: trian}\n", "bad.yaml:1: train.verb: unknown field; the closest names are: train"),
        ("name: a/b\n", "bad.yaml:1: name: expected text that matches"),
        ("extends: 3\n", "bad.yaml:1: extends: expected the name of a recipe, got 3"),
        ("extends: nothing\n", "bad.yaml:1: extends: Unknown recipe 'nothing'"),
        ("extends: bad\n", "bad.yaml:1: extends: it extends itself, and there is no other recipe of that name"),
        ("extends: bad.yaml\n", "bad.yaml:1: extends: it extends itself"),
        ("extends: []\n", "bad.yaml:1: (file): expected a stage: prepare, train, eval; there is none"),
        ("task: t\ntrain:\n", "bad.yaml:1: (file): expected a stage: prepare, train, eval; there is none"),
        ("extends: no.yaml\n", "bad.yaml:1: extends: There is no recipe file no.yaml."),
        ("eval: {}\n", "(file): eval needs prepare; eval needs train, which the recipe does not have"),
    ],
)
def test_fault(write: Write, text: str, fault: str) -> None:
    write("bad.yaml", text)
    assert fault in faults_of("bad.yaml")[0]


def test_extends_merges_deeply_lists_replace_and_null_removes_a_stage(write: Write) -> None:
    write("recipes/base/libri.yaml", "prepare: {kind: libri, folder: speech, speakers: 3}\n")
    write(
        "recipes/base/fast.yaml",
        "train: {batch_size: 2, optimizer: {name: sgd, lr: 0.5}, layers: [{lr: 1}, {lr: 2}]}\n",
    )
    write(
        "recipes/mother.yaml",
        "extends: [base/libri, base/fast]\ntask: t\npublished: {wer: 9}\neval: {metrics: [stoi]}\n",
    )
    write("recipes/child.yaml", "extends: mother\ntrain: {optimizer: {lr: 0.1}, layers: [{lr: 3}]}\neval:\n")
    recipe = load_recipe("child")
    assert recipe.name == "child"
    assert recipe.task == "t"
    assert recipe.published == {}, "another system's scores are not inherited"
    train = recipe["train"].model_dump()
    assert train["optimizer"] == {"name": "sgd", "lr": 0.1}
    assert [layer["lr"] for layer in train["layers"]] == [3]
    assert [section.name for section in recipe.sections] == ["prepare", "train"]


def test_circle_of_extends_is_a_fault_that_shows_the_circle(write: Write) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        write(f"recipes/{name}.yaml", f"extends: {base}\n")
    (fault,) = faults_of("a")
    assert fault.startswith("recipes/c.yaml:1: extends: recipes extend each other in a circle: ")
    assert fault.endswith("recipes/a.yaml → recipes/b.yaml → recipes/c.yaml → recipes/a.yaml")


def test_fault_in_a_base_names_the_file_of_the_base(write: Write) -> None:
    write("base.yaml", "train:\n  epochs: 0\n  batch_size: 1\n")
    write("child.yaml", "extends: base.yaml\nprepare: {kind: music}\n")
    assert faults_of("child.yaml") == ["base.yaml:2: train.epochs: expected greater than 0, got 0"]


def test_local_recipe_hides_the_built_in_one_and_can_extend_it(write: Write) -> None:
    write("../builtin/demo.yaml", "prepare: {kind: music}\ntrain: {batch_size: 8}\n")
    assert load_recipe("demo")["train"].model_dump()["batch_size"] == 8
    write("recipes/demo.yaml", "extends: demo\ntrain: {epochs: 3}\n")
    assert load_recipe("demo")["train"].model_dump()["epochs"] == 3
    assert load_recipe("demo")["train"].model_dump()["batch_size"] == 8


def test_unknown_recipe_is_answered_with_the_closest_names(write: Write) -> None:
    write("recipes/librimix.yaml", "")
    with pytest.raises(UsageError, match="Unknown recipe 'librmix'; the closest names are: librimix"):
        load_recipe("librmix")
    with pytest.raises(InputError, match=r"There is no recipe file librmix\.yaml"):
        load_recipe("librmix.yaml")


def test_file_that_is_not_text_is_an_input_error() -> None:
    Path("bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        load_recipe("bad.yaml")


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("train.optimizer.lr=1e-2", "optimizer.lr", 0.01),
        ("train.note=null", "note", None),
        ("train.note=", "note", None),
        ("train.note='12'", "note", "12"),
        ("train.note=a=b", "note", "a=b"),
        ("train.optimizer={name: sgd}", "optimizer", {"name": "sgd", "lr": 1e-3}),
        ("train.layers=[{lr: 2}]", "layers", ({"name": "adam", "lr": 2.0},)),
    ],
)
def test_override_has_yaml_types_and_takes_the_place_of_the_value(
    good: Path, override: str, field: str, value: object
) -> None:
    found = load_recipe("good.yaml", [override])["train"].model_dump()
    for name in field.split("."):
        found = found[name]
    assert found == value


def test_later_overrides_win_and_see_the_earlier_ones(good: Path) -> None:
    overrides = ["train.layers=[{}, {}]", "train.layers.1.lr=7", "train.epochs=2", "train.epochs=5"]
    train = load_recipe("good.yaml", overrides)["train"].model_dump()
    assert train["epochs"] == 5
    assert [layer["lr"] for layer in train["layers"]] == [1e-3, 7]


def test_stages_come_in_the_order_of_their_needs_whatever_the_file_says(write: Write) -> None:
    write("mixed.yaml", "eval: {}\ntrain: {batch_size: 1}\nprepare: {kind: music}\n")
    assert [section.name for section in load_recipe("mixed.yaml").sections] == ["prepare", "train", "eval"]


def test_one_verb_can_be_used_twice_under_other_names(write: Write) -> None:
    write(
        "two.yaml",
        """\
prepare: {kind: music}
train: {batch_size: 1, after: [prepare, filterbank]}
filterbank: {verb: train, batch_size: 2}
""",
    )
    sections = load_recipe("two.yaml").sections
    assert [(section.name, section.verb, section.after) for section in sections] == [
        ("prepare", "prepare", ()),
        ("filterbank", "train", ("prepare",)),
        ("train", "train", ("prepare", "filterbank")),
    ]


def test_stages_that_wait_for_each_other_are_a_fault(write: Write) -> None:
    write("circle.yaml", "prepare: {kind: music, after: [train]}\ntrain: {batch_size: 1}\n")
    assert "prepare, train wait for each other" in faults_of("circle.yaml")[0]


def test_shown_recipe_is_a_recipe_with_the_same_meaning(write: Write) -> None:
    write(
        "two.yaml",
        """\
description: 'on: 1e-3'
prepare: {kind: libri, folder: ../my speech}
filterbank: {verb: train, batch_size: 2, note: '1e-3', layers: [{lr: 1e-7}]}
train: {batch_size: 1, after: [prepare, filterbank], note: 'yes # no'}
""",
    )
    recipe, tree = load_with_origins("two.yaml", ["train.epochs=3"])
    for number, text in enumerate([as_yaml(recipe), as_yaml(recipe, origins=tree)]):
        write(f"again{number}.yaml", text)
        again = load_recipe(f"again{number}.yaml")
        assert again.model_copy(update={"name": "two"}) == recipe
    assert "epochs: 3" in text
    origins = {line.split("#")[0].strip(): line.rpartition("# ")[2] for line in text.splitlines() if "#" in line}
    assert origins["epochs: 3"] == "--set train.epochs=3"
    assert origins["kind: libri"] == "two.yaml:2"
    assert origins["speakers: 2"] == "default"


def test_list_holds_local_and_built_in_recipes_also_broken_ones_but_no_building_blocks(write: Write) -> None:
    write("../builtin/demo.yaml", "task: t\n")
    write("../builtin/hidden.yaml", "task: built-in\n")
    write("../builtin/base/block.yaml", "task: t\n")
    write("recipes/hidden.yaml", "extends: demo\ndescription: mine\n")
    write("recipes/broken.yml", "a: [\n")
    found = {entry.name: entry for entry in available()}
    assert sorted(found) == ["broken", "demo", "hidden"]
    assert found["hidden"].header == {"name": "hidden", "task": "t", "description": "mine"}
    assert found["broken"].faults


def test_a_file_that_is_not_text_is_one_broken_recipe_in_the_list(write: Write) -> None:
    write("recipes/mine.yaml", "train: {batch_size: 1}\n")
    Path("recipes/strange.yaml").write_bytes(b"\xff\xfe\x00")
    found = {entry.name: [str(fault) for fault in entry.faults] for entry in available()}
    strange = Path("recipes", "strange.yaml")
    assert found == {"mine": [], "strange": [f"recipes/strange.yaml: (file): {strange} is not UTF-8 text."]}


def test_validation_loads_no_torch_and_no_audio_libraries() -> None:
    code = (
        "import sys\n"
        "from separate_cli.recipes.load import load_recipe\n"
        "from separate_cli.recipes.sections import SECTIONS, section_type\n"
        "from separate_cli.stages.assemble import assemble\n"
        "[section_type(verb) for verb in SECTIONS]\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pydantic" in loaded
    assert not {"torch", "lightning", "numpy", "scipy", "soundfile", "matplotlib"} & loaded
