"""What is wrong with a value is said in plain words, once, without what pydantic calls things."""

from __future__ import annotations

import pytest

from separate_cli.errors import SpecError
from separate_cli.recipes.load import load_recipe


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("train.devices=0", "train.devices: expected greater than 0 or 'auto', got 0"),
        ("train.devices=abc", "train.devices: expected a whole number or 'auto', got 'abc'"),
        ("train.devices=[1]", "train.devices: expected a whole number or 'auto'"),
        ("eval.metrics=[]", "eval.metrics: expected at least 1 item, got none"),
        ("train.loss={pairwise_neg_sisdr: {weight: 0}}", "train.loss: expected a term whose weight is not 0"),
        ("train.seed=99999999999999999999999", "train.seed: expected less than 9223372036854775808, got 99999"),
        ("train.epochs=many", "train.epochs: expected a whole number, got 'many'"),
        ("train.optimizer=sgd", "train.optimizer: expected fields, got 'sgd'"),
        ("train.tensorboard=x", "train.tensorboard: expected true or false, got 'x'"),
        ("train.checkpoint=3", "train.checkpoint: expected a path, got 3"),
    ],
)
def test_words(override: str, fault: str) -> None:
    with pytest.raises(SpecError) as refused:
        load_recipe("mini", [override])
    (found,) = map(str, refused.value.faults)
    assert found.startswith(f"--set {override}: {fault}")


@pytest.mark.parametrize(("given", "meant"), [("32", "32"), ("16", "16"), ("bf16", "bf16"), ("'32'", "32")])
def test_a_precision_may_be_typed_as_a_number(given: str, meant: str) -> None:
    assert load_recipe("mini", [f"train.precision={given}"])["train"].precision == meant  # type: ignore[attr-defined]
