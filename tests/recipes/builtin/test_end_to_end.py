"""Every built-in recipe goes from its corpus to scores: prepare, two steps of training, evaluation."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from recipes.builtin.tiny import run
from separate_cli.hub.checkpoint import read_header
from separate_cli.recipes.find import list_recipes

NAMES = [name for name, _ in list_recipes()]
FEW = ["librimix", "sms-wsj", "wham-two-step"]
"""Run with all other tests; the rest in a session of its own."""


def check(name: str, root: Path) -> None:
    records = run(name, root)
    assert all(record.ran for record in records.values())
    scores = json.loads((records["eval"].folder / "metrics.json").read_text())
    assert not scores["failures"]
    assert scores["headline"] and all(math.isfinite(value) for value in scores["headline"].values())
    assert list((records["eval"].folder / "examples").rglob("*.wav"))
    if "train" in records:
        header = read_header(records["train"].folder / "model.safetensors")
        assert header.datasets, "the model says what it was trained on"
        assert json.loads((records["train"].folder / "metrics.json").read_text())["steps"] == 2


@pytest.mark.parametrize("name", FEW)
def test_a_few_recipes_go_from_corpus_to_scores(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.recipes
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FEW])
def test_every_recipe_goes_from_corpus_to_scores(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)
