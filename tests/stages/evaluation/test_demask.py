"""The eval stage: rows, intervals, examples; resumed by trial, and no trial costs another."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separate_cli.data.corpus import Corpus
from separate_cli.data.demask_trials import DemaskTrials
from separate_cli.errors import InputError, SpecError
from separate_cli.hub.checkpoint import save_checkpoint
from separate_cli.models import get
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.demask import DemaskEval
from separate_cli.stages import eval as evaluation

METRICS = ["si_sdr", "snr"]
MASKS = ["N95", "surgical"]


def spec(**changes: Any) -> DemaskEval:
    small = {"metrics": METRICS, "masks": MASKS, "saved_examples": 0, "device": "cpu", "workers": 1}
    return DemaskEval.model_validate({**small, **changes})


@pytest.fixture
def inputs(prepared: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    model = get("DeMask")(hidden_dims=[4], norm_type="cLN")
    save_checkpoint(model, tmp_path / "run" / "model.safetensors")
    return {**prepared, "train": tmp_path / "run"}


def run(asked: DemaskEval, folder: Path, inputs: dict[str, Path]) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    evaluation.run(asked, StageContext(folder, inputs))
    return json.loads((folder / "metrics.json").read_text())


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "results.csv").read_text().splitlines()))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_utterance_behind_each_mask_has_a_row_with_input_output_and_improvement(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    run(spec(), tmp_path, inputs)
    found = rows(tmp_path)
    assert [(row["mask"], row["speaker"]) for row in found] == [(mask, "5") for mask in MASKS for _ in range(2)]
    for row in found:
        assert float(row["si_sdr_imp"]) == pytest.approx(float(row["si_sdr"]) - float(row["input_si_sdr"]))
        assert math.isfinite(float(row["snr"]))


def test_the_input_score_is_that_of_the_mask_alone(inputs: dict[str, Path], tmp_path: Path) -> None:
    run(spec(), tmp_path, inputs)
    trials = DemaskTrials(Corpus.of("prepare", inputs), spec(), sample_rate=16000)
    for trial, row in zip(trials, rows(tmp_path), strict=True):
        mixture, target = (wave.astype(np.float64).ravel() for wave in trials.load(trial))
        snr = 10 * np.log10(np.sum(target**2) / np.sum((mixture - target) ** 2))
        assert (trial.key, snr) == (row["key"], pytest.approx(float(row["input_snr"]), abs=0.01))


def test_summary_averages_an_utterance_over_masks_before_it_asks_how_sure_it_is(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    scores = run(spec(), tmp_path, inputs)
    found = rows(tmp_path)
    overall = scores["conditions"]["dry"]["si_sdr_imp"]
    assert (overall["count"], scores["utterances"]) == (2, 2)
    assert overall["mean"] == pytest.approx(np.mean([float(row["si_sdr_imp"]) for row in found]))
    assert scores["headline"]["si_sdr_imp"] == pytest.approx(overall["mean"], abs=1e-4)
    for mask in MASKS:
        mean = np.mean([float(row["snr"]) for row in found if row["mask"] == mask])
        assert scores["masks"]["dry"][mask]["snr"]["mean"] == pytest.approx(mean)
    assert "| N95 |" in (tmp_path / "summary.md").read_text()


def test_conditions_that_the_corpus_cannot_meet_are_left_out_and_named(inputs: dict[str, Path], tmp_path: Path) -> None:
    scores = run(spec(), tmp_path, inputs)
    assert list(scores["conditions"]) == ["dry"]
    assert scores["left_out"] == {
        "reverberant": "the corpus has no room responses for test",
        "noisy": "the corpus has no noise for test",
    }
    with pytest.raises(InputError, match="No condition can be met"):
        run(spec(conditions={"noisy": {"noise_snr_db": 5}}), tmp_path, inputs)


def test_some_examples_are_kept_as_audio_and_pictures(inputs: dict[str, Path], tmp_path: Path) -> None:
    run(spec(saved_examples=2), tmp_path, inputs)
    folders = sorted(path.name for path in (tmp_path / "examples").iterdir())
    assert folders == ["00-dry-N95", "01-dry-surgical"]
    trials = DemaskTrials(Corpus.of("prepare", inputs), spec(), sample_rate=16000)
    mixture, target = trials.load(next(iter(trials)))
    for name, wave in (("mixture", mixture), ("target", target[0])):
        written, rate = soundfile.read(tmp_path / "examples" / "00-dry-N95" / f"{name}.wav")
        assert rate == 16000
        np.testing.assert_allclose(written, wave, atol=1e-4)
    assert (tmp_path / "examples" / "00-dry-N95" / "spectrograms.png").read_bytes().startswith(b"\x89PNG")


class PowerCut(BaseException):
    """Nothing may catch this."""


def cut(monkeypatch: pytest.MonkeyPatch, *, after: int, error: Callable[[], BaseException] = PowerCut) -> list[str]:
    """Fail when the trial number ``after`` is loaded; the names of all that are."""
    load, loaded = DemaskTrials.load, []

    def failing(self: DemaskTrials, trial: Any) -> Any:
        loaded.append(trial.key)
        if len(loaded) == after + 1:
            raise error()
        return load(self, trial)

    monkeypatch.setattr(DemaskTrials, "load", failing)
    return loaded


@pytest.mark.parametrize("after", [0, 3])
def test_cut_off_anywhere_it_ends_with_the_same_bytes(
    inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    asked = spec(saved_examples=1)
    run(asked, tmp_path / "whole", inputs)
    loaded = cut(monkeypatch, after=after)
    with pytest.raises(PowerCut):
        run(asked, tmp_path / "cut", inputs)
    del loaded[:]
    monkeypatch.undo()
    loaded = cut(monkeypatch, after=99)
    run(asked, tmp_path / "cut", inputs)
    assert len(loaded) == 4 - after
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_a_trial_that_fails_is_named_and_costs_only_itself(
    inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(monkeypatch, after=1, error=lambda: InputError("x.flac is damaged."))
    scores = run(spec(), tmp_path, inputs)
    (failed,) = scores["failures"]
    found = {row["key"]: row for row in rows(tmp_path)}
    assert (found[failed]["error"], found[failed]["si_sdr"]) == ("x.flac is damaged.", "")
    assert sum(bool(row["si_sdr"]) for row in found.values()) == 3
    assert scores["masks"]["dry"]["N95"]["si_sdr"]["count"] == 1


def test_if_every_trial_fails_the_stage_fails(
    inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: DemaskTrials, trial: Any) -> Any:
        raise InputError("There is no file x.flac.")

    monkeypatch.setattr(DemaskTrials, "load", broken)
    with pytest.raises(InputError, match=r"Every trial failed.*x\.flac"):
        run(spec(), tmp_path, inputs)


def test_a_named_model_is_scored_instead_of_the_trained_one(inputs: dict[str, Path], tmp_path: Path) -> None:
    model = tmp_path / "run" / "model.safetensors"
    asked = spec(model=model)
    assert asked.needs() == ("prepare",) and spec().needs() == ("prepare", "train")
    named = run(asked, tmp_path / "named", {**inputs, "train": tmp_path / "nowhere", "model": model})
    assert named == run(spec(), tmp_path / "trained", inputs)


def test_the_oracle_knows_the_mask_and_the_model_reaches_a_share_of_it(inputs: dict[str, Path], tmp_path: Path) -> None:
    scores = run(spec(oracle=True), tmp_path, inputs)
    dry = scores["conditions"]["dry"]
    assert dry["oracle_si_sdr"]["mean"] > dry["input_si_sdr"]["mean"] + 10
    gains = [dry[f"{name}si_sdr"]["mean"] - dry["input_si_sdr"]["mean"] for name in ("", "oracle_")]
    assert scores["share_of_oracle"]["dry"]["si_sdr"] == pytest.approx(gains[0] / gains[1], abs=1e-3)
    assert all(float(row["oracle_snr"]) > 0 for row in rows(tmp_path))


def test_scores_that_cannot_be_computed_say_why(
    inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = DemaskTrials.load

    def silent(self: DemaskTrials, trial: Any) -> Any:
        mixture, target = load(self, trial)
        return mixture, 0 * target

    monkeypatch.setattr(DemaskTrials, "load", silent)
    scores = run(spec(), tmp_path, inputs)
    assert sum(scores["reasons"].values()) == 4
    assert all("si_sdr" in reason for reason in scores["reasons"])
    assert scores["conditions"]["dry"]["si_sdr"]["mean"] is None


def test_an_unknown_metric_is_refused_before_any_work(inputs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="Unknown metric 'si_sdrr'"):
        run(spec(metrics=["si_sdrr"]), tmp_path, inputs)


def test_fewer_utterances_are_spread_over_the_part(inputs: dict[str, Path]) -> None:
    corpus = Corpus.of("prepare", inputs)
    everything = DemaskTrials(corpus, spec(part="train"), sample_rate=16000).speech
    few = DemaskTrials(corpus, spec(part="train", utterances=4), sample_rate=16000).speech
    assert few == everything[::2] and len({recording.speaker for recording in few}) == 4
