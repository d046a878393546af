"""Evaluation on mixtures: rows against independent numbers, resumed by mixture, models that do not fit."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from corpora.mixtures import make
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_trials import MixtureTrials
from separate_cli.errors import InputError, SpecError
from separate_cli.hub.loading import load_model
from separate_cli.pipeline.shards import Shard
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import SeparationEval
from separate_cli.stages import eval as evaluation

Inputs = dict[str, Path]


def spec(**changes: Any) -> SeparationEval:
    small = {"metrics": ["si_sdr", "snr"], "saved_examples": 0, "device": "cpu", "workers": 1}
    return SeparationEval.model_validate({**small, **changes})


def run(asked: SeparationEval, folder: Path, inputs: Inputs) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    evaluation.run(asked, StageContext(folder, inputs))
    return json.loads((folder / "metrics.json").read_text())


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "results.csv").read_text().splitlines()))


def si_sdr(estimate: np.ndarray, reference: np.ndarray) -> float:
    estimate, reference = (wave.astype(np.float64) - wave.mean(dtype=np.float64) for wave in (estimate, reference))
    target = reference * (estimate @ reference) / (reference @ reference)
    return float(10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target))))


def test_rows_hold_the_score_of_the_better_order_and_what_it_gains_over_the_mixture(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path
) -> None:
    run(spec(), tmp_path, {**two_speakers, **separator})
    model = load_model(separator["train"]).model
    found = rows(tmp_path)
    assert [row["key"] for row in found] == ["m0", "m1", "m2", "m3"]
    for number, row in enumerate(found):
        sources = [
            soundfile.read(two_speakers["prepare"] / "wav" / f"{number}-s{i}.wav", dtype="float32")[0] for i in (1, 2)
        ]
        mixture = sources[0] + sources[1]
        estimates = model.separate(mixture)
        orders = [
            np.mean([si_sdr(estimates[i], sources[j]) for i, j in pairs])
            for pairs in ([(0, 0), (1, 1)], [(1, 0), (0, 1)])
        ]
        before = np.mean([si_sdr(mixture, source) for source in sources])
        assert float(row["si_sdr"]) == pytest.approx(max(orders), abs=0.01)
        assert float(row["si_sdr_imp"]) == pytest.approx(max(orders) - before, abs=0.01)
        assert row["speakers"] == f"p{number}0 p{number}1"


def test_summary_has_means_over_the_mixtures_and_a_headline(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path
) -> None:
    scores = run(spec(), tmp_path, {**two_speakers, **separator})
    mean = np.mean([float(row["si_sdr_imp"]) for row in rows(tmp_path)])
    overall = scores["conditions"]["all"]["si_sdr_imp"]
    assert (overall["mean"], overall["count"], scores["mixtures"]) == (pytest.approx(mean), 4, 4)
    assert overall["low"] < mean < overall["high"]
    assert scores["headline"]["si_sdr_imp"] == pytest.approx(mean, abs=1e-4)
    assert scores["table"]["rows"][0][:2] == ["all", "si_sdr"]
    assert "| si_sdr |" in (tmp_path / "summary.md").read_text()


def test_results_can_be_told_apart_by_a_fact(save: Callable[..., Inputs], tmp_path: Path) -> None:
    inputs = make(tmp_path / "prepared", [2, 3, 2])
    model = save("ConvTasNet", n_src=3, n_filters=8, bn_chan=4, hid_chan=8, skip_chan=4, n_blocks=1, n_repeats=1)
    scores = run(spec(by="n_src"), tmp_path / "out", {**inputs, **model})
    assert {name: one["snr"]["count"] for name, one in scores["conditions"].items()} == {
        "all": 3,
        "n_src 2": 2,
        "n_src 3": 1,
    }


def test_signals_of_another_rate_are_converted_to_the_models(
    two_speakers: Inputs, save: Callable[..., Inputs], tmp_path: Path
) -> None:
    model = save("DeMask", hidden_dims=[4], norm_type="cLN")
    scores = run(spec(task="enh_single"), tmp_path, {**two_speakers, **model})
    assert scores["conditions"]["all"]["input_si_sdr"]["mean"] == pytest.approx(14, abs=3)
    trials = MixtureTrials(Corpus.of("prepare", two_speakers), spec(task="enh_single"), sample_rate=16000)
    assert trials.load(next(iter(trials)))[0].shape == (1, 4800)


def test_a_single_channel_model_hears_the_microphone_that_is_asked_for(separator: Inputs, tmp_path: Path) -> None:
    inputs = {**make(tmp_path / "prepared", [2], channels=3), **separator}
    scores = [run(spec(channel=channel), tmp_path / str(channel), inputs) for channel in (0, 2)]
    assert scores[0]["headline"] != scores[1]["headline"]
    trials = MixtureTrials(Corpus.of("prepare", inputs), spec(), sample_rate=8000)
    mixture, references = trials.load(next(iter(trials)))
    estimates = load_model(separator["train"]).model.separate(mixture[2])
    best = max(si_sdr(estimates[0], references[0, 2]) + si_sdr(estimates[1], references[1, 2]),
               si_sdr(estimates[1], references[0, 2]) + si_sdr(estimates[0], references[1, 2]))  # fmt: skip
    assert scores[1]["conditions"]["all"]["si_sdr"]["mean"] == pytest.approx(best / 2, abs=0.01)


def test_a_baseline_without_weights_needs_neither_training_nor_a_file(tmp_path: Path) -> None:
    pytest.importorskip("ssspy")
    asked = spec(baseline={"name": "CaCGMM", "args": {"stft_size": 128, "stft_shift": 64, "n_iter": 3}})
    assert asked.needs() == ("prepare",)
    scores = run(asked, tmp_path / "out", make(tmp_path / "prepared", [2, 2], channels=2))
    assert scores["conditions"]["all"]["si_sdr"]["count"] == 2
    with pytest.raises(SpecError, match="has to be trained first"):
        run(spec(baseline={"name": "DeMask"}), tmp_path / "no", make(tmp_path / "other", [2]))


def test_examples_are_kept_in_the_order_of_the_references(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path
) -> None:
    run(spec(saved_examples=2), tmp_path, {**two_speakers, **separator})
    folders = sorted((tmp_path / "examples").iterdir())
    assert [folder.name for folder in folders] == ["00", "01"]
    assert {path.name for path in folders[0].iterdir()} == {
        "mixture.wav", "s1.wav", "s1_estimate.wav", "s2.wav", "s2_estimate.wav", "spectrograms.png"
    }  # fmt: skip
    waves = {name: soundfile.read(folders[1] / f"{name}.wav")[0] for name in ("s1", "s2", "s1_estimate", "s2_estimate")}
    kept = si_sdr(waves["s1_estimate"], waves["s1"]) + si_sdr(waves["s2_estimate"], waves["s2"])
    swapped = si_sdr(waves["s1_estimate"], waves["s2"]) + si_sdr(waves["s2_estimate"], waves["s1"])
    assert kept >= swapped


class PowerCut(BaseException):
    """Nothing may catch this."""


def test_cut_off_it_goes_on_and_ends_with_the_same_bytes(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = {**two_speakers, **separator}
    run(spec(), tmp_path / "whole", inputs)
    load, loaded = MixtureTrials.load, []

    def failing(self: MixtureTrials, trial: Any) -> Any:
        loaded.append(trial.key)
        if len(loaded) == 4:  # the first is loaded once to see whether the model fits
            raise PowerCut
        return load(self, trial)

    monkeypatch.setattr(MixtureTrials, "load", failing)
    with pytest.raises(PowerCut):
        run(spec(), tmp_path / "cut", inputs)
    assert loaded == ["m0", "m0", "m1", "m2"]
    run(spec(), tmp_path / "cut", inputs)
    assert loaded[5:] == ["m2", "m3"]
    for name in ("results.csv", "metrics.json", "summary.md"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_damaged_mixture_is_named_and_costs_only_itself(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path
) -> None:
    (two_speakers["prepare"] / "wav" / "2-s1.wav").write_bytes(b"nothing")
    scores = run(spec(), tmp_path, {**two_speakers, **separator})
    assert list(scores["failures"]) == ["m2"]
    assert "2-s1.wav" in rows(tmp_path)[2]["error"]
    assert scores["conditions"]["all"]["si_sdr"]["count"] == 3


def test_a_model_that_does_not_fit_is_refused_with_every_reason(separator: Inputs, tmp_path: Path) -> None:
    inputs = {**make(tmp_path / "prepared", [3]), **separator}
    with pytest.raises(SpecError) as refused:
        run(spec(channel=1), tmp_path / "out", inputs)
    assert [fault.field for fault in refused.value.faults] == ["eval.n_src", "eval.channel"]
    assert "gives 2 source(s), m0 has 3: s1, s2, s3" in refused.value.faults[0].problem


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"metrics": ["si_sdrr", "stoy"]}, SpecError, "Unknown metric 'si_sdrr'.*Unknown metric 'stoy'"),
        ({"part": "valid"}, InputError, "no mixtures for valid"),
        ({"task": "enh_vocal"}, InputError, "no mixture, no vocals"),
    ],
)
def test_what_cannot_be_scored_is_said_before_any_work(
    two_speakers: Inputs,
    separator: Inputs,
    tmp_path: Path,
    change: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        run(spec(**change), tmp_path, {**two_speakers, **separator})


def test_a_prepared_folder_may_be_named_instead_of_a_stage(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path
) -> None:
    asked = spec(data={"path": two_speakers["prepare"]})
    assert asked.needs() == ("train",)
    scores = run(asked, tmp_path / "named", {**separator, "data.path": two_speakers["prepare"]})
    assert scores == run(spec(), tmp_path / "prepared-here", {**two_speakers, **separator})


def test_members_of_a_job_array_share_the_mixtures_out_and_the_last_one_sums_up(
    two_speakers: Inputs, separator: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, asked = {**two_speakers, **separator}, spec(saved_examples=2)
    run(asked, tmp_path / "whole", inputs)
    members = [tmp_path / str(Shard(index, 2)) for index in (1, 2)]
    for index, folder in enumerate(members, start=1):
        folder.mkdir()
        evaluation.run(asked, StageContext(folder, inputs, shard=Shard(index, 2)))
        assert not (folder / "metrics.json").exists()
    (tmp_path / "joined").mkdir()
    monkeypatch.setattr("separate_cli.stages.evaluation.mixtures.separate_array", None)  # nothing is left to do
    evaluation.run(asked, StageContext(tmp_path / "joined", inputs, shards=tuple(members)))
    assert contents(tmp_path / "joined") == contents(tmp_path / "whole")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
