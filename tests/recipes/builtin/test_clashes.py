"""Sections that do not fit each other are found when the recipe is loaded, all at once, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.errors import SpecError
from separate_cli.recipes.load import load_recipe


def faults(text: str, *overrides: str) -> list[str]:
    Path("mine.yaml").write_text(text)
    with pytest.raises(SpecError) as refused:
        load_recipe("mine.yaml", overrides)
    return [str(fault) for fault in refused.value.faults]


def test_rates_and_numbers_of_sources_and_signals() -> None:
    text = """\
extends: librimix
prepare: {sample_rate: 16000, n_src: 3}
train:
  examples: {task: sep_noisy}
  model: {args: {n_src: 4, sample_rate: 16000}}
eval: {task: enh_single}
"""
    found = faults(text)
    assert [fault.split(": ")[1] for fault in found] == [
        "train.model.args.sample_rate",
        "train.model.args.n_src",
        "train.examples.sample_rate",
        "train.examples.n_src",
        "train.examples.task",
        "eval.task",
    ]
    assert found[1] == "mine.yaml:5: train.model.args.n_src: expected 2 source(s), as train.examples.n_src, got 4"
    assert found[2].startswith("built-in parts/separation.yaml:")
    assert (
        found[4] == "mine.yaml:4: train.examples.task: it takes mix_both, which prepare.types does not make: mix_clean"
    )
    assert "mix_single" in found[5]


def test_what_was_set_on_the_command_line_is_named() -> None:
    (fault,) = faults("extends: librimix\n", "train.examples.input=mix_both")
    assert fault.startswith("--set train.examples.input=mix_both: train.examples.input: it takes mix_both")


def test_named_targets_may_be_fewer_than_there_are() -> None:
    Path("mine.yaml").write_text(
        "extends: librimix\ntrain: {examples: {targets: [s1], n_src: 1}, model: {args: {n_src: 1}}}\n"
    )
    assert load_recipe("mine.yaml")["train"].examples.n_src == 1  # type: ignore[attr-defined]
