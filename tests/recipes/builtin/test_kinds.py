"""Another kind of something does not inherit what was written for the kind before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from separate_cli.errors import SpecError
from separate_cli.recipes.load import load_recipe, load_with_origins
from separate_cli.recipes.node import TAGS
from separate_cli.recipes.sections import SECTIONS, section_type
from separate_cli.recipes.show import as_yaml


def part(name: str, *overrides: str, field: str = "train.schedule") -> dict[str, Any]:
    section, *rest = field.split(".")
    found = load_recipe(name, overrides)[section].model_dump(mode="json")
    for one in rest:
        found = found[one]
    return found


def test_another_schedule_begins_from_its_own_defaults() -> None:
    assert part("mini", "train.schedule.kind=cosine") == {"kind": "cosine", "final_ratio": 0.01, "warmup_steps": 0}
    assert part("mini", "train.schedule.kind=noam")["warmup_steps"] == 4000
    assert part("mini", "train.schedule.kind=step")["factor"] == 0.98, "not the 0.5 that plateaus have"
    assert part("mini", "train.schedule.kind=plateau")["factor"] == 0.5


def test_what_the_command_line_says_counts_in_any_order() -> None:
    kind, factor = "train.schedule.kind=step", "train.schedule.factor=0.7"
    assert part("mini", kind, factor)["factor"] == part("mini", factor, kind)["factor"] == 0.7


def test_a_file_changes_the_kind_as_the_command_line_does() -> None:
    Path("mine.yaml").write_text("extends: mini\ntrain: {schedule: {kind: step, every_epochs: 3}}\n")
    step = {"kind": "step", "factor": 0.98, "every_epochs": 3, "warmup_steps": 0}
    assert part("mine.yaml") == step
    Path("back.yaml").write_text("extends: mine.yaml\ntrain: {schedule: {kind: plateau}}\n")
    back = part("back.yaml")
    assert (back["kind"], back["factor"], back["patience_epochs"]) == ("plateau", 0.5, 5)


def test_fields_that_both_kinds_have_stay() -> None:
    remix = part("librimix-3speakers", "train.examples.kind=remix", field="train.examples")
    assert (remix["kind"], remix["n_src"], remix["sample_rate"]) == ("remix", 3, 8000)
    music = part("mini", "eval.device=cpu", "eval.kind=music", field="eval")
    assert (music["part"], music["device"], music["task"]) == ("valid", "cpu", "sep_music")
    assert music["metrics"] == ["sdr_v4", "isr_v4", "sir_v4", "sar_v4"]


def test_the_origin_of_a_default_is_not_what_was_dropped() -> None:
    recipe, tree = load_with_origins("mini", ["train.schedule.kind=step"])
    (line,) = (one for one in as_yaml(recipe, origins=tree).splitlines() if "factor: " in one)
    assert line.endswith("# default")


def test_only_fields_of_the_chosen_kind_are_close() -> None:
    for field, words in (
        ("factor", "unknown field; there are: final_ratio, kind, warmup_steps"),
        ("finalratio", "unknown field; the closest names are: final_ratio"),
    ):
        with pytest.raises(SpecError) as refused:
            load_recipe("mini", ["train.schedule.kind=cosine", f"train.schedule.{field}=1"])
        assert [fault.problem for fault in refused.value.faults] == [words]


def test_an_unknown_kind_is_the_only_fault() -> None:
    with pytest.raises(SpecError) as refused:
        load_recipe("mini", ["train.schedule.kind=cosin"])
    (fault,) = refused.value.faults
    assert (fault.field, fault.where) == ("train.schedule", "--set train.schedule.kind=cosin")
    assert "expected kind to be one of 'constant', 'cosine'" in fault.problem


def tags(schema: Any) -> Iterator[str]:
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "discriminator":
            yield value["propertyName"]
        elif isinstance(value, (dict, list)):
            yield from tags(value)


def test_every_union_is_told_apart_by_a_field_that_is_known_here() -> None:
    found = {tag for verb in SECTIONS for tag in tags(TypeAdapter(section_type(verb)).json_schema())}
    assert found == set(TAGS)
