from __future__ import annotations

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from separate_cli.pipeline.key import json_digest, stage_key

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
IDENTITY = st.dictionaries(st.text(), JSON, max_size=4)
INPUTS = st.dictionaries(st.text(), st.text("0123456789abcdef", min_size=64, max_size=64), max_size=3)


def test_key_is_sha256_of_the_canonical_text_worked_out_by_hand() -> None:
    text = '{"inputs":{"data":"ab"},"spec":{"lr":0.001,"name":"\\u00fc"},"stage":"train","version":2}'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert stage_key("train", 2, {"name": "ü", "lr": 1e-3}, {"data": "ab"}) == expected


@QUICK
@given(IDENTITY, INPUTS, st.randoms())
def test_order_of_fields_and_inputs_never_matters(identity: dict, inputs: dict, chance) -> None:
    shuffled = dict(chance.sample(sorted(identity.items(), key=repr), len(identity)))
    swapped = dict(chance.sample(sorted(inputs.items()), len(inputs)))
    assert stage_key("a", 1, identity, inputs) == stage_key("a", 1, shuffled, swapped)


@QUICK
@given(IDENTITY, IDENTITY, INPUTS, INPUTS)
def test_different_specs_or_inputs_give_different_keys(one: dict, two: dict, these: dict, those: dict) -> None:
    same = json_digest(one) == json_digest(two) and these == those
    assert (stage_key("a", 1, one, these) == stage_key("a", 1, two, those)) == same


@QUICK
@given(IDENTITY, INPUTS)
def test_name_and_version_count(identity: dict, inputs: dict) -> None:
    keys = {stage_key(name, version, identity, inputs) for name in ("train", "eval") for version in (1, 2)}
    assert len(keys) == 4
