from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from separate_cli.metrics import F1Tracker, MetricTracker, Utterance, WERTracker, evaluate, evaluate_many
from separate_cli.metrics.waves import FloatArray

RNG = np.random.default_rng(0)
CLEAN = RNG.standard_normal((5, 2, 400))


def tracked() -> MetricTracker:
    tracker = MetricTracker(sample_rate=8000, metrics=["snr", "pesq_wb"])
    for index, clean in enumerate(CLEAN):
        tracker(clean * (1.1 + 0.1 * index), clean, clean.sum(0), key=f"u{index}", speaker=index % 2)
    return tracker


def test_rows_are_those_of_evaluate_with_key_and_facts() -> None:
    row = tracked().as_rows()[3]
    alone = evaluate(1.4 * CLEAN[3], CLEAN[3], CLEAN[3].sum(0), sample_rate=8000, metrics=["snr"]).as_row()
    assert (row["key"], row["speaker"]) == ("u3", 1)
    assert {name: row[name] for name in alone} == pytest.approx(alone)
    assert row["reasons"] == "pesq_wb: PESQ wb needs a sample rate of at least 16000 Hz, got 8000."


def test_rows_are_copies() -> None:
    tracker = tracked()
    tracker.as_rows()[0]["snr"] = -1
    assert tracker.as_rows()[0]["snr"] != -1


def test_the_report_holds_means_of_the_rows_and_is_valid_json(tmp_path: Path) -> None:
    tracker = tracked()
    report = tracker.final_report(tmp_path / "final_metrics.json")
    assert report["snr_imp"].mean == pytest.approx(np.mean([row["snr_imp"] for row in tracker.as_rows()]))
    assert report["snr"].low < report["snr"].mean < report["snr"].high
    written = json.loads((tmp_path / "final_metrics.json").read_text("utf-8"))
    assert written["snr"]["mean"] == report["snr"].mean
    assert written["pesq_wb"] == {"mean": None, "low": None, "high": None, "median": None, "count": 0, "excluded": 5}


def test_the_csv_holds_every_row(tmp_path: Path) -> None:
    tracked().write_csv(tmp_path / "all_metrics.csv")
    with (tmp_path / "all_metrics.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["key"] for row in rows] == ["u0", "u1", "u2", "u3", "u4"]
    assert rows[0]["pesq_wb"] == ""
    assert float(rows[0]["snr"]) == pytest.approx(20)


def test_results_made_elsewhere_can_be_added() -> None:
    tracker = MetricTracker(sample_rate=8000)
    items = [Utterance(f"u{i}", 1.1 * clean, clean, 8000) for i, clean in enumerate(CLEAN)]
    for key, result in evaluate_many(items, metrics=["snr"], workers=1):
        tracker.add(key, result)
    assert tracker.summary()["snr"].count == 5


def hears_peak(wave: FloatArray, sample_rate: int) -> str:
    return " ".join(["one", "two", "three", "four"][: round(float(np.abs(wave).max()))])


def test_wer_is_of_all_words_together_for_input_estimate_and_clean(tmp_path: Path) -> None:
    tracker = WERTracker(hears_peak)
    noise = np.sign(RNG.standard_normal((2, 50)))
    row = tracker(
        noise[::-1] * [[2], [3]], noise * 3, noise[0], sample_rate=8000, transcripts=["One two three.", "one two three"]
    )
    assert (row["input_wer"], row["wer"], row["clean_wer"]) == pytest.approx((4 / 6, 1 / 6, 0))
    assert row["text"] == "one two three | one two"
    tracker(noise[:1], noise[:1], sample_rate=8000, transcripts=["one"], key="second")
    report = tracker.final_report(tmp_path / "wer.json")
    assert report["wer"] == pytest.approx(1 / 7)
    assert report["input_cer"] == pytest.approx(20 / 26)
    assert json.loads((tmp_path / "wer.json").read_text("utf-8"))["clean_wer"] == 0
    columns, rows = tracker.table()
    assert columns[3:7] == ["hits", "substitutions", "deletions", "insertions"]
    assert rows[1] == ["estimate", "14.29%", "20.69%", "6", "0", "1", "0", "7"]
    assert tracker.markdown().splitlines()[2].startswith("| input | 66.67% |")


def test_every_reference_needs_a_transcript() -> None:
    with pytest.raises(ValueError, match="a transcript for each of 2"):
        WERTracker(hears_peak)(CLEAN[0], CLEAN[0], sample_rate=8000, transcripts=["one"])


def test_f1_is_of_all_frames_together(tmp_path: Path) -> None:
    tracker = F1Tracker(threshold=0.3)
    assert tracker([0.4, 0.2], [1, 0])["f1"] == 1
    tracker(np.zeros(4), np.ones(4))
    report = tracker.final_report(tmp_path / "f1.json")
    assert report == pytest.approx({"f1": 2 / 6, "accuracy": 2 / 6, "precision": 1, "recall": 1 / 5})
    assert json.loads((tmp_path / "f1.json").read_text("utf-8")) == report
