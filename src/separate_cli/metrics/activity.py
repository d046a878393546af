"""How well a voice activity detector does: frame by frame, active or not.

    estimate, reference (..., frame) --threshold--> counts of hits and misses --> accuracy, precision, recall, F1

Source: van Rijsbergen, "Information Retrieval", 1979, chapter 7 (F measure).
Checked: tests/metrics/test_activity.py (hand-counted cases).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from separate_cli.metrics.waves import Waves, as_waves

__all__ = ["ActivityCounts", "count_activity"]


@dataclass(frozen=True)
class ActivityCounts:
    """Frames by what they are and what they were taken for; counts of several recordings add up."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    @property
    def accuracy(self) -> float:
        """Share of frames that are right."""
        total = self.true_positives + self.false_positives + self.false_negatives + self.true_negatives
        return _share(self.true_positives + self.true_negatives, total)

    @property
    def precision(self) -> float:
        """Share of active frames among those taken for active; NaN if none was."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of active frames that were found; NaN if there are none."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN if nothing is active nor taken for it."""
        return _share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)

    def as_row(self) -> dict[str, float]:
        """The four scores."""
        return {"f1": self.f1, "accuracy": self.accuracy, "precision": self.precision, "recall": self.recall}

    def __add__(self, other: ActivityCounts) -> ActivityCounts:
        return ActivityCounts(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
            self.true_negatives + other.true_negatives,
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def count_activity(estimate: Waves, reference: Waves, *, threshold: float = 0.5) -> ActivityCounts:
    """Compare detected with true activity.

    Args:
        estimate: Activity or its probability, ``(frame)`` or ``(batch, frame)``.
        reference: True activity, 0 or 1, same shape.
        threshold: From which value on a frame counts as active.

    Raises:
        ValueError: If the shapes differ.

    >>> counts = count_activity([0.9, 0.8, 0.1, 0.2], [1, 0, 1, 0])
    >>> counts.accuracy, counts.precision, counts.recall, counts.f1
    (0.5, 0.5, 0.5, 0.5)
    """
    detected, true = as_waves("estimate", estimate), as_waves("reference", reference)
    if detected.shape != true.shape:
        raise ValueError(f"Expected activity of one shape, got {detected.shape} and {true.shape}.")
    active, truly = detected >= threshold, true >= threshold
    hits = int(np.sum(active & truly))
    found, there = int(active.sum()), int(truly.sum())
    return ActivityCounts(hits, found - hits, there - hits, active.size - found - there + hits)
