from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from separate_cli.pipeline.hashes import Content
from separate_cli.pipeline.reasons import changes, flatten, raised
from separate_cli.pipeline.record import Record

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPEC = {"model": {"name": "DeMask", "args": {"n_filters": 256}}, "seed": 0, "masks": ["KN95"]}
SPEECH = Content("aa", 12, 100)


def record(**spec: object) -> Record:
    inputs = {"speech": SPEECH}
    fixed = {"stage": "train", "key": "k", "allowance": {}, "outputs": {}, "started": 0, "finished": 0}
    return Record(version=1, spec={**SPEC, **spec}, inputs=inputs, duration_seconds=0, **fixed)


@pytest.mark.parametrize(
    ("spec", "version", "inputs", "reason"),
    [
        (
            {"model": {"name": "DeMask", "args": {"n_filters": 512}}},
            1,
            {"speech": SPEECH},
            "model.args.n_filters 256 → 512",
        ),
        ({"seed": 1}, 2, {"speech": SPEECH}, "stage version 1 → 2, seed 0 → 1"),
        ({"masks": ["KN95", "N95"]}, 1, {"speech": SPEECH}, 'masks ["KN95"] → ["KN95", "N95"]'),
        ({"new": None}, 1, {"speech": SPEECH}, "new (absent) → null"),
        ({}, 1, {"speech": Content("bb", 13, 100)}, "speech changed (12 → 13 files)"),
        ({}, 1, {"speech": Content("bb", 12, 100)}, "speech changed"),
        ({}, 1, {"noise": SPEECH}, "noise added, speech removed"),
    ],
)
def test_reason_says_what_is_different(spec: dict, version: int, inputs: dict, reason: str) -> None:
    assert changes(record(), version=version, spec={**SPEC, **spec}, inputs=inputs) == reason


def test_many_differences_are_counted_not_listed() -> None:
    new = {**SPEC, **{f"field{number}": 1 for number in range(9)}}
    assert changes(record(), version=1, spec=new, inputs={"speech": SPEECH}).endswith(", and 5 more")


def test_long_values_are_cut() -> None:
    text = changes(record(), version=1, spec={**SPEC, "seed": "x" * 1000}, inputs={"speech": SPEECH})
    assert len(text) < 60
    assert text.endswith("…")


LIMIT = st.none() | st.integers(0, 9)


@QUICK
@given(st.dictionaries(st.sampled_from("abc"), LIMIT), st.dictionaries(st.sampled_from("abc"), LIMIT))
def test_budget_is_raised_exactly_when_some_limit_is_higher_or_new(asked: dict, granted: dict) -> None:
    infinite = float("inf")
    higher = any(
        name not in granted
        or (infinite if limit is None else limit) > (infinite if granted[name] is None else granted[name])
        for name, limit in asked.items()
    )
    assert bool(raised(asked, granted)) == higher


def test_flatten_keeps_empty_mappings_as_values() -> None:
    assert flatten({"a": {}, "b": {"c": []}}) == {"a": {}, "b.c": []}
