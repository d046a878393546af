"""What a training is, and what only decides how long or how fast it goes."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.specs.demask import MASKS, DemaskExamples
from separate_cli.specs.devices import Strategy
from separate_cli.specs.evaluation.demask import DemaskEval
from separate_cli.specs.ranges import FloatRange
from separate_cli.specs.train import TrainSpec


def train(**changes: Any) -> TrainSpec:
    return TrainSpec.model_validate({"model": {"name": "DeMask"}, "loss": {"singlesrc_mse": {}}, **changes})


def prepare(**changes: Any) -> DemaskCorpus:
    return DemaskCorpus.model_validate({"speech": {"mine": {"path": "speech"}}, **changes})


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 7},
        {"patience_epochs": None},
        {"device": "cuda"},
        {"devices": 4, "num_nodes": 2, "strategy": "ddp"},
        {"workers": 3},
        {"checkpoint_minutes": 1.0},
        {"compile": True, "profiler": "simple", "samples": 0, "keep_best": 3},
    ],
)
def test_more_time_or_another_machine_is_the_same_training(change: dict[str, Any]) -> None:
    assert train(**change).digest() == train().digest()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"batch_size": 3},
        {"precision": "bf16"},
        {"ema_decay": 0.99},
        {"swa_from_epoch": 3},
        {"average_best": 2},
        {"optimizer": {"lr": 0.1}},
        {"examples": {"kind": "demask", "masks": ["N95"]}},
        {"model": {"name": "DeMask", "args": {"dropout": 0.1}}},
        {"loss": {"singlesrc_mse": {"weight": 2.0}}},
    ],
)
def test_what_decides_the_weights_makes_another_training(change: dict[str, Any]) -> None:
    assert train(**change).digest() != train().digest()


def test_epochs_decide_where_the_schedule_depends_on_them() -> None:
    cosine = {"schedule": {"kind": "cosine"}}
    assert train(epochs=7, **cosine).digest() != train(epochs=8, **cosine).digest()
    assert train(patience_epochs=7, **cosine).digest() == train(patience_epochs=8, **cosine).digest()
    assert train(epochs=7, **cosine).allowance().keys() == {"patience_epochs"}
    assert train(epochs=7).allowance() == {"epochs": 7, "patience_epochs": 30}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": {}}, "at least one term"),
        ({"loss": {"singlesrc_mse": {"weight": 0}}}, "a term whose weight is not 0"),
        ({"precision": 31}, "'32', 'bf16' or '16'"),
        ({"precision": True}, "'32', 'bf16' or '16'"),
        ({"seed": 2**63}, "less than 9223372036854775808"),
        ({"device": "gpu7"}, "expected auto, cpu, cuda, cuda:1, mps or xla, got 'gpu7'"),
        ({"strategy": "fsdp"}, "ddp_static_graph"),
        ({"ema_decay": 0.9, "swa_from_epoch": 3}, "not both"),
        ({"start_from": "filterbank", "checkpoint": "a.safetensors"}, "not both"),
        ({"examples": {"kind": "mixtures", "segment_seconds": None}, "batch_size": 2}, "whole mixtures differ"),
        ({"devices": 0}, "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        train(**change)


def test_a_training_may_need_another_one() -> None:
    assert train().needs() == ("prepare",)
    assert train(start_from="filterbank").needs() == ("prepare", "filterbank")


def test_folders_are_inputs_not_settings() -> None:
    table = {"speech": {"mine": {"path": "a", "split": {"rule": "table", "table": "list.csv"}}}}
    spec = prepare(**table, rooms={"halls": {"path": "b"}})
    assert {name: path.name for name, (path, _) in spec.sources().items()} == {
        "speech.mine.path": "a",
        "speech.mine.split.table": "list.csv",
        "rooms.halls.path": "b",
    }
    assert prepare(speech={"mine": {"path": "x"}}).digest() == prepare(speech={"mine": {"path": "y"}}).digest()
    assert prepare(speech={"mine": {"path": "x"}}).digest() != prepare(speech={"yours": {"path": "x"}}).digest()


@pytest.mark.parametrize(
    ("make", "value", "message"),
    [
        (FloatRange.model_validate, [3, 2], "expected min <= max, got 3.0 > 2.0"),
        (FloatRange.model_validate, [1, 2, 3], "should be a valid dictionary"),
        (DemaskExamples.model_validate, {"speed": [0, 1]}, "expected speeds above 0"),
        (DemaskExamples.model_validate, {"jitter_db": [-1, 1]}, "at least 0 dB"),
        (DemaskExamples.model_validate, {"mask_taps": 96}, "expected an odd number, got 96"),
        (DemaskExamples.model_validate, {"masks": []}, "at least 1 item"),
        (DemaskExamples.model_validate, {"room_probability": 1.1}, "less than or equal to 1"),
        (DemaskEval.model_validate, {"conditions": {}}, "at least 1 item"),
        (DemaskCorpus.model_validate, {"speech": {}}, "at least 1 item"),
        (DemaskCorpus.model_validate, {"speech": {"a/b": {"path": "x"}}}, "should match pattern"),
        (DemaskCorpus.model_validate, {"speech": {"a": {"path": "x"}}, "noise": {"a": {"path": "y"}}}, "got twice: a"),
        (DemaskCorpus.model_validate, {"speech": {"a": {"path": "x", "speaker": "(.*)"}}}, r"\(\?P<speaker>"),
        (DemaskCorpus.model_validate, {"speech": {"a": {"path": "x", "speaker": "("}}}, "regular expression"),
        (
            DemaskCorpus.model_validate,
            {"speech": {"a": {"path": "x", "split": {"rule": "fraction", "valid": 0.6, "test": 0.4}}}},
            "nothing is left to train on",
        ),
        (
            DemaskCorpus.model_validate,
            {"speech": {"a": {"path": "x", "split": {"rule": "speaker", "valid": ["1"], "test": ["1"]}}}},
            "no speaker in both",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make(value)


def test_ranges_have_short_forms() -> None:
    assert FloatRange.model_validate([1, 2]) == FloatRange.model_validate({"min": 1, "max": 2})
    assert FloatRange.model_validate(3) == FloatRange(min=3, max=3)


def test_everything_has_a_default_where_asteroid_had_a_value() -> None:
    examples = DemaskExamples()
    assert (examples.sample_rate, examples.mask_taps, examples.masks) == (16000, 97, MASKS)
    assert DemaskEval().masks == MASKS


def test_a_precision_is_a_number_too() -> None:
    assert (train(precision=32).precision, train(precision=16).precision) == ("32", "16")
    assert train(precision=32).digest() == train().digest()


def test_the_strategies_are_those_of_the_engine() -> None:
    from separate_cli.engine.cluster import STRATEGIES

    assert set(STRATEGIES) == set(get_args(Strategy))


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "mps", "xla", "xpu:0"])
def test_devices_that_may_be_elsewhere_can_be_asked_for(device: str) -> None:
    assert train(device=device).device == device
