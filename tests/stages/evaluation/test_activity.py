"""Evaluation of voice activity: counts over samples, another rate, steadier decisions."""

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
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.hub.loading import load_model
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.activity import ActivityEval
from separate_cli.stages import eval as evaluation

Inputs = dict[str, Path]
SIZES = {"n_filters": 8, "bn_chan": 4, "hid_chan": 8, "skip_chan": 4, "n_blocks": 1, "n_repeats": 1}
SPEECH = [[[200, 900], [1500, 2000]], [[0, 2400]], []]


@pytest.fixture
def recordings(tmp_path: Path) -> Inputs:
    rng = np.random.default_rng(0)
    folder = tmp_path / "prepared"
    folder.mkdir()
    rows = []
    for number, speech in enumerate(SPEECH):
        soundfile.write(folder / f"{number}.wav", 0.1 * rng.standard_normal(2400), 8000, subtype="FLOAT")
        signals: dict[str, Any] = {"mix_both": Piece(f"{number}.wav")}
        rows.append(Mixture(f"r{number}", "test", 8000, 2400, signals, facts={"speech": speech}))
    write_mixtures(folder / "mixtures.jsonl", rows)
    return {"prepare": folder}


def run(folder: Path, inputs: Inputs, **changes: Any) -> dict[str, Any]:
    asked = ActivityEval.model_validate({"device": "cpu", "saved_examples": 1, **changes})
    folder.mkdir()
    evaluation.run(asked, StageContext(folder, inputs))
    return json.loads((folder / "metrics.json").read_text())


def truth(speech: list[list[int]]) -> np.ndarray:
    active = np.zeros(2400, bool)
    for start, stop in speech:
        active[start:stop] = True
    return active


def test_scores_count_samples_of_all_recordings_together(
    recordings: Inputs, save: Callable[..., Inputs], tmp_path: Path
) -> None:
    trained = save("VADNet", n_src=1, **SIZES)
    scores = run(tmp_path / "out", {**recordings, **trained})
    model = load_model(trained["train"]).model
    said, true = [], []
    for number, speech in enumerate(SPEECH):
        wave = soundfile.read(recordings["prepare"] / f"{number}.wav", dtype="float32")[0]
        said.append(model.separate(wave)[0] >= 0.5)
        true.append(truth(speech))
    heard, there = np.concatenate(said), np.concatenate(true)
    assert 0 < heard.mean() < 1
    hits = (heard & there).sum()
    precision, recall = hits / heard.sum(), hits / there.sum()
    assert scores["headline"] == {
        "f1": pytest.approx(2 * precision * recall / (precision + recall), abs=1e-4),
        "accuracy": pytest.approx((heard == there).mean(), abs=1e-4),
        "precision": pytest.approx(precision, abs=1e-4),
        "recall": pytest.approx(recall, abs=1e-4),
    }
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    assert float(rows[0]["accuracy"]) == pytest.approx((said[0] == true[0]).mean(), abs=1e-4)
    assert rows[2].get("recall", "") == ""  # nobody speaks
    assert (tmp_path / "out" / "examples" / "00" / "heard.wav").exists()


def test_a_model_of_another_rate_is_held_to_the_same_moments(
    recordings: Inputs, save: Callable[..., Inputs], tmp_path: Path
) -> None:
    trained = save("VADNet", n_src=1, sample_rate=16000, **SIZES)
    run(tmp_path / "out", {**recordings, **trained}, threshold=0)
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    assert [(row["true_positives"], row["false_positives"]) for row in rows] == [
        ("2400", "2400"),
        ("4800", "0"),
        ("0", "4800"),
    ]


def test_steadier_decisions_change_less_often(recordings: Inputs, save: Callable[..., Inputs], tmp_path: Path) -> None:
    inputs = {**recordings, **save("VADNet", n_src=1, **SIZES)}
    changes = []
    for seconds in (0.0, 0.02):
        run(tmp_path / str(seconds), inputs, stability_seconds=seconds)
        folder = tmp_path / str(seconds) / "examples" / "00"
        heard = soundfile.read(folder / "heard.wav")[0] != 0
        changes.append(int(np.count_nonzero(np.diff(heard))))
    assert changes[1] < changes[0] / 2


def test_recordings_without_labels_fail_by_name(save: Callable[..., Inputs], tmp_path: Path) -> None:
    from separate_cli.errors import InputError

    inputs = {**make(tmp_path / "plain", [1]), **save("VADNet", n_src=1, **SIZES)}
    with pytest.raises(InputError, match=r"m0 does not say where speech is"):
        run(tmp_path / "out", inputs)
