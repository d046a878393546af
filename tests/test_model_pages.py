"""Every model has a page, and pages, table and models agree on what there is to say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import torch

from separate_cli import models

PAGES = Path(__file__).parents[1] / "docs" / "reference" / "models"
FACTS = ["paper", "parameters", "multiply-accumulates a second", "receptive field", "causal"]


@cache
def overview() -> dict[str, list[str]]:
    """The table of all models: class → call, rate, parameters, multiply-accumulates, reach back, reach ahead."""
    rows = re.findall(r"^\| `((\w+)\([^|]*)` \| (.*) \|$", (PAGES / "index.md").read_text("utf-8"), re.MULTILINE)
    return {name: [call, *cells.split(" | ")] for call, name, cells in rows}


def page_of(name: str) -> str:
    (page,) = (text for path in PAGES.glob("*.md") if f".{name}\n" in (text := path.read_text("utf-8")) + "\n")
    return page


def facts(page: str) -> dict[str, str]:
    return dict(re.findall(r"^\| (\D[^|`]*) \| (.*) \|$", page, re.MULTILINE))


def test_the_table_names_every_model() -> None:
    assert set(overview()) == set(models.available())


@pytest.mark.parametrize("name", models.available())
def test_the_table_holds(name: str) -> None:
    call, rate, parameters, _, back, ahead = overview()[name]
    with torch.device("meta"):
        model = eval(call, {name: models.get(name)})
    assert rate == f"{model.sample_rate:g} Hz"
    assert parameters == f"{sum(p.numel() for p in model.parameters() if p.requires_grad):,}"
    for shown, samples in ((back, model.lookbehind_samples), (ahead, model.lookahead_samples)):
        assert shown == ("all" if samples is None else f"{1000 * samples / model.sample_rate:.0f} ms")


@pytest.mark.parametrize("name", models.available())
def test_every_page_tells_all(name: str) -> None:
    page = page_of(name)
    said, (call, _, parameters, cost, _, _) = facts(page), overview()[name]
    assert [key for key in said if key in FACTS] == FACTS
    assert f"`{call}` {parameters}" in said["parameters"]
    assert cost in said["multiply-accumulates a second"]
    assert re.search(r"\b(19|20)\d\d\b", said["paper"])
    assert page.index("```") < page.index("| paper |") < page.index("::: ")  # the figure first, the arguments last
