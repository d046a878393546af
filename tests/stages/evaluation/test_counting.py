"""Evaluation of models that count: accuracy, confusion, and a penalty for speakers too many or too few."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from corpora.mixtures import make
from separate_cli.errors import SpecError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import CountingEval
from separate_cli.stages import eval as evaluation
from separate_cli.stages.evaluation.counting import penalised_si_sdr

SIZES = {"n_srcs": [2, 3], "bn_chan": 8, "hid_size": 8, "n_repeats": 1, "chunk_size": 50, "n_filters": 8}


def si_sdr(estimate: np.ndarray, reference: np.ndarray) -> float:
    estimate, reference = estimate - estimate.mean(), reference - reference.mean()
    target = reference * (estimate @ reference) / (reference @ reference)
    return float(10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target))))


@pytest.mark.parametrize(("n_estimates", "n_references"), [(2, 2), (2, 3), (4, 2)])
def test_penalty_is_the_best_pairing_less_so_much_for_each_signal_left_over(
    n_estimates: int, n_references: int
) -> None:
    rng = np.random.default_rng(0)
    references = rng.standard_normal((n_references, 500))
    estimates = rng.standard_normal((n_estimates, n_references)) @ references + rng.standard_normal((n_estimates, 500))
    fewer, more = sorted((n_estimates, n_references))
    best = -np.inf
    for order in itertools.permutations(range(more), fewer):
        pairs = [(e, r) if n_estimates <= n_references else (r, e) for e, r in enumerate(order)]
        best = max(best, sum(si_sdr(estimates[e], references[r]) for e, r in pairs))
    found = penalised_si_sdr(estimates, references, penalty_db=7)
    assert found == pytest.approx((best - 7 * (more - fewer)) / more, abs=0.01)


def test_wrong_counts_are_in_the_matrix_and_right_ones_are_scored(
    save: Callable[..., dict[str, Path]], tmp_path: Path
) -> None:
    inputs = make(tmp_path / "prepared", [2, 3, 2]) | save("MultiDecoderDPRNN", **SIZES)
    (tmp_path / "out").mkdir()
    asked = CountingEval(metrics=("si_sdr",), device="cpu", workers=1, saved_examples=1)
    evaluation.run(asked, StageContext(tmp_path / "out", inputs))
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    scores = json.loads((tmp_path / "out" / "metrics.json").read_text())
    right = [row["counted"] == row["n_src"] for row in rows]
    assert 0 < sum(right) < 3  # untrained, it always counts the same
    assert scores["count_accuracy"] == pytest.approx(sum(right) / 3)
    assert scores["headline"]["count_accuracy"] == pytest.approx(sum(right) / 3, abs=1e-4)
    assert [bool(row["si_sdr"]) for row in rows] == right
    assert all(row["penalised_si_sdr"] for row in rows)
    assert sum(sum(found.values()) for found in scores["confusion"].values()) == 3
    assert scores["conditions"]["n_src 2"]["penalised_si_sdr"]["count"] == 2
    for row in rows:
        assert scores["confusion"][row["n_src"]][row["counted"]] == 2 if row["n_src"] == "2" else 1
    assert "## Counted right: " in (tmp_path / "out" / "summary.md").read_text()


def test_a_model_that_cannot_count_is_refused(separator: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="ConvTasNet does not count speakers"):
        evaluation.run(CountingEval(device="cpu"), StageContext(tmp_path, make(tmp_path / "prepared", [2]) | separator))
