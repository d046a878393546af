from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics.activity import ActivityCounts, count_activity


def test_counts_are_those_counted_by_hand() -> None:
    counts = count_activity([1, 1, 1, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0, 0])
    assert counts == ActivityCounts(true_positives=2, false_positives=1, false_negatives=1, true_negatives=3)
    assert counts.as_row() == pytest.approx({"f1": 2 / 3, "accuracy": 5 / 7, "precision": 2 / 3, "recall": 2 / 3})


def test_batches_add_up_and_the_threshold_is_inclusive() -> None:
    rng = np.random.default_rng(0)
    probability, truth = rng.random((2, 3, 50)).round(1)
    together = count_activity(probability, truth, threshold=0.7)
    apart = sum(
        (count_activity(p, t, threshold=0.7) for p, t in zip(probability, truth, strict=True)), ActivityCounts()
    )
    assert together == apart
    assert together.true_positives == np.sum((probability >= 0.7) & (truth >= 0.7))


def test_without_activity_f1_is_undefined_and_accuracy_is_not() -> None:
    row = count_activity(np.zeros(5), np.zeros(5)).as_row()
    assert np.isnan([row["f1"], row["precision"], row["recall"]]).all()
    assert row["accuracy"] == 1


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        count_activity(np.zeros(5), np.zeros(6))
