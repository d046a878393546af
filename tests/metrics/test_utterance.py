from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from separate_cli.errors import UsageError
from separate_cli.metrics import METRICS, Metric, MetricResult, best_permutation, evaluate
from separate_cli.metrics.waves import Outcome, Trial, Undefined

RNG = np.random.default_rng(0)
REFERENCES = RNG.standard_normal((3, 800))
ESTIMATES = REFERENCES + 0.2 * RNG.standard_normal((3, 800))
MIXTURE = REFERENCES.sum(axis=0)
QUICK = ["si_sdr", "snr", "lsd"]


def crash(trial: Trial) -> dict[str, Outcome]:
    raise RuntimeError("boom")


def count(trial: Trial) -> dict[str, Outcome]:
    values = np.array([10.0 * signal + reference for signal, reference in trial.pairs])
    return {"pairs": Outcome(values), "again": Outcome(values)}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_scores_come_in_the_order_of_the_references_whatever_that_of_the_estimates(order: tuple[int, ...]) -> None:
    straight = evaluate(ESTIMATES, REFERENCES, MIXTURE, sample_rate=8000, metrics=QUICK)
    shuffled = evaluate(ESTIMATES[list(order)], REFERENCES, MIXTURE, sample_rate=8000, metrics=QUICK)
    assert [order[estimate] for estimate in shuffled.permutation] == [0, 1, 2]
    for name in QUICK:
        np.testing.assert_array_equal(shuffled[name].output, straight[name].output)
        np.testing.assert_array_equal(shuffled[name].improvement, straight[name].improvement)


def test_without_permuting_the_given_order_is_scored() -> None:
    result = evaluate(ESTIMATES[::-1], REFERENCES, sample_rate=8000, metrics=["si_sdr"], permute=False)
    assert result.permutation == (0, 1, 2)
    assert result["si_sdr"].output[0] < 0
    assert result["si_sdr"].input is None
    assert result["si_sdr"].improvement is None


def test_the_best_of_more_estimates_than_references_are_scored() -> None:
    estimates = np.concatenate([RNG.standard_normal((2, 800)), ESTIMATES])
    assert best_permutation(estimates, REFERENCES) == (2, 3, 4)
    assert evaluate(estimates, REFERENCES, sample_rate=8000, metrics=["snr"]).permutation == (2, 3, 4)


def test_the_permutation_is_the_best_of_all() -> None:
    from itertools import permutations

    from separate_cli.metrics.ratios import pairwise_si_sdr

    for _ in range(20):
        estimates, references = RNG.standard_normal((2, 4, 60))
        matrix = pairwise_si_sdr(estimates, references)
        best = max(permutations(range(4)), key=lambda order: sum(matrix[order[j], j] for j in range(4)))
        assert best_permutation(estimates, references) == best


def test_families_are_asked_once_and_get_the_pairs_of_outputs_then_inputs() -> None:
    metrics = [Metric("pairs", count), Metric("again", count)]
    result = evaluate(ESTIMATES[:2], REFERENCES[:2], MIXTURE, sample_rate=8000, metrics=metrics)
    assert list(result) == ["pairs", "again"]
    np.testing.assert_array_equal(result["pairs"].output, [0, 11])
    np.testing.assert_array_equal(result["pairs"].input, [20, 21])
    per_source = evaluate(ESTIMATES[:2], REFERENCES[:2], REFERENCES[1:], sample_rate=8000, metrics=metrics)
    np.testing.assert_array_equal(per_source["again"].input, [20, 31])


def test_a_crash_costs_one_metric_and_is_told() -> None:
    metrics = ["snr", Metric("crash", crash)]
    result = evaluate(ESTIMATES, REFERENCES, sample_rate=8000, metrics=metrics)
    assert np.isfinite(result["snr"].output).all()
    assert np.isnan(result["crash"].output).all()
    assert result.reasons == {"crash": "boom"}
    with pytest.raises(RuntimeError, match="boom"):
        evaluate(ESTIMATES, REFERENCES, sample_rate=8000, metrics=metrics, errors="raise")


def test_raising_keeps_the_hint_of_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pesq", None)
    with pytest.raises(UsageError, match="'pesq', which is not installed"):
        evaluate(REFERENCES[0], REFERENCES[0], sample_rate=8000, metrics=["pesq"], errors="raise")


@pytest.mark.parametrize("name", sorted(set(METRICS) - {"wer", "cer"}))
def test_no_metric_raises_warns_or_is_silently_nan_whatever_comes(name: str) -> None:
    rows: dict[str, Any] = {
        "silent estimate": (np.zeros(800), REFERENCES[0]),
        "silent reference": (REFERENCES[0], np.zeros(800)),
        "both silent": (np.zeros(800), np.zeros(800)),
        "NaN": (np.full(800, np.nan), REFERENCES[0]),
        "infinity": (REFERENCES[0], np.full(800, np.inf)),
        "one sample": (np.ones(1), np.ones(1)),
        "constant": (np.ones(800), REFERENCES[0]),
        "equal": (REFERENCES[0], REFERENCES[0]),
        "tiny": (1e-200 * REFERENCES[0], 1e-200 * ESTIMATES[0]),
        "huge": (1e100 * REFERENCES[0], 1e100 * ESTIMATES[0]),
    }
    for case, (estimate, reference) in rows.items():
        result = evaluate(estimate, reference, reference + 1, sample_rate=8000, metrics=[name])
        values = np.concatenate([result[name].output, result[name].input])
        assert not np.isnan(values).any() or result.reasons[name], case
        assert not np.isfinite(values).all() or not result.reasons, case


def test_nan_in_the_mixture_is_named() -> None:
    mixture = np.where(np.arange(800) == 5, np.nan, MIXTURE)
    result = evaluate(ESTIMATES, REFERENCES, mixture, sample_rate=8000, metrics=["snr"])
    assert result.reasons == {"snr": "NaN or infinite samples in the mixture."}
    with pytest.raises(Undefined, match="NaN"):
        evaluate(ESTIMATES, REFERENCES, mixture, sample_rate=8000, metrics=["snr"], errors="raise")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"estimates": ESTIMATES[:2]}, "an estimate for each of 3 references, got 2"),
        ({"estimates": ESTIMATES[:, :9]}, r"as the references \(800,\), got \(9,\)"),
        ({"mixture": MIXTURE[:9]}, "Expected mixture"),
        ({"mixture": REFERENCES[:2]}, "one mixture or one a reference"),
        ({"sample_rate": 0}, "positive sample rate"),
        ({"metrics": ["si_sdrr"]}, "closest names are: si_sdr"),
        ({"transcripts": ["a"]}, "a transcript for each of 3"),
        ({"estimates": np.zeros((4, 800)), "permute": False}, "an estimate for each"),
    ],
)
def test_what_does_not_fit_is_refused_with_expected_and_got(arguments: dict[str, Any], complaint: str) -> None:
    fitting: dict[str, Any] = {
        "estimates": ESTIMATES,
        "references": REFERENCES,
        "mixture": MIXTURE,
        "sample_rate": 8000,
    }
    with pytest.raises(ValueError, match=complaint):
        evaluate(**{**fitting, "metrics": QUICK, **arguments})


def test_torch_and_numpy_score_alike() -> None:
    tensors = [torch.from_numpy(waves) for waves in (ESTIMATES, REFERENCES, MIXTURE)]
    arrays = evaluate(ESTIMATES, REFERENCES, MIXTURE, sample_rate=8000, metrics=QUICK)
    assert evaluate(*tensors, sample_rate=8000, metrics=QUICK).as_row() == arrays.as_row()


def test_rows_average_the_sources_that_have_a_value() -> None:
    silent = REFERENCES.copy()
    silent[1] = 0
    result = evaluate(ESTIMATES, silent, MIXTURE, sample_rate=8000, metrics=["si_sdr"], permute=False)
    scores: MetricResult = result
    row = scores.as_row()
    assert list(row) == ["si_sdr", "input_si_sdr", "si_sdr_imp"]
    assert row["si_sdr"] == pytest.approx(result["si_sdr"].output[[0, 2]].mean())
    assert row["si_sdr_imp"] == pytest.approx(row["si_sdr"] - row["input_si_sdr"])
