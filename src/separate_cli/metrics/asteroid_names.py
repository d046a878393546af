"""Metrics under the names that Asteroid's users know.

get_metrics     mixture, references, estimates --> {"input_si_sdr": ..., "si_sdr": ..., ...}
MockWERTracker  speech --> nothing

Source: Asteroid 0.7, ``asteroid.metrics``.
Differs: estimates are assigned by SI-SDR; sources without a value are left out of a mean.
Checked: tests/metrics/test_asteroid_names.py (values that Asteroid gave).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from separate_cli.metrics.utterance import evaluate
from separate_cli.metrics.waves import Waves

__all__ = ["ALL_METRICS", "MockWERTracker", "get_metrics"]

ALL_METRICS = ["si_sdr", "sdr", "sir", "sar", "stoi", "pesq"]
"""What ``get_metrics`` computes when nothing is named."""


def get_metrics(  # noqa: PLR0917  the order that Asteroid's users know
    mix: Waves,
    clean: Waves,
    estimate: Waves,
    sample_rate: int = 16000,
    metrics_list: Sequence[str] | str = "all",
    average: bool = True,
    compute_permutation: bool = False,
    ignore_metrics_errors: bool = False,
    filename: str | None = None,
) -> dict[str, Any]:
    """Metrics of one utterance in Asteroid's form; ``evaluate`` says more.

    Args:
        mix: ``(time)`` or ``(1, time)``.
        clean: ``(reference, time)`` or ``(time)``.
        estimate: ``(estimate, time)`` or ``(time)``.
        sample_rate: In Hz.
        metrics_list: Names, a name, or ``"all"`` for ``ALL_METRICS``.
        average: Whether to give means over the references.
        compute_permutation: Whether to assign estimates to references first, by SI-SDR.
        ignore_metrics_errors: Warn of what cannot be computed, and give None for it.
        filename: What to call the utterance in warnings and errors.

    Returns:
        ``input_X`` of the mixture and ``X`` of the estimates for every metric ``X``: numbers, or ``(reference)``.

    Raises:
        ValueError: If shapes do not fit or a metric is unknown.
        RuntimeError: If a metric cannot be computed, unless that is ignored.

    >>> get_metrics([1.0, 1.0], [1.0, -1.0], [2.0, 0.0], sample_rate=8000, metrics_list="snr")
    {'input_snr': -3.010..., 'snr': 0.0}
    """
    names = ALL_METRICS if metrics_list == "all" else [metrics_list] if isinstance(metrics_list, str) else metrics_list
    result = evaluate(
        estimate, clean, mix, sample_rate=sample_rate, metrics=list(names), permute=compute_permutation, errors="nan"
    )
    for name, reason in result.reasons.items():
        message = f"Cannot compute {name} of {filename or 'an utterance'}: {reason}"
        if not ignore_metrics_errors:
            raise RuntimeError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    row = result.as_row()
    found: dict[str, Any] = {}
    for prefix in ("input_", ""):
        for name, scores in result.items():
            values = scores.input if prefix else scores.output
            failed = name in result.reasons and math.isnan(row[prefix + name])
            found[prefix + name] = None if failed else row[prefix + name] if average else values
    return found


class MockWERTracker:
    """Stands for a ``WERTracker`` where words are not wanted; takes what one takes.

    >>> tracker = MockWERTracker()
    >>> tracker([0.1, 0.2], [0.1, 0.2], sample_rate=8000, transcripts=["one"]), tracker.final_report_as_markdown()
    ({}, '')
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Nothing."""
        return {}

    def as_rows(self) -> list[dict[str, Any]]:
        """No rows."""
        return []

    def final_report(self, path: Path | None = None) -> dict[str, float]:
        """Nothing; no file either."""
        return {}

    def final_report_as_markdown(self) -> str:
        """Empty, as is ``markdown``."""
        return ""

    markdown = final_report_as_markdown
