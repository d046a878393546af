"""From one row an utterance to a table: means, improvements, 95 % bootstrap intervals.

    rows [{"si_sdr": 11.2, "input_si_sdr": 0.1, "si_sdr_imp": 11.1, ...}, ...] --> {column: Statistic} --> table

Undefined and infinite values are left out and counted, never averaged. The bootstrap is seeded: the same rows give the
same digits, and columns without gaps are drawn alike.

Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3 (percentile interval).
Checked: tests/metrics/test_summary.py (normal theory, coverage, hand-counted cases).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from separate_cli.metrics.waves import FloatArray

__all__ = ["Statistic", "bootstrap_interval", "describe", "rows_as_csv", "summarize", "summary_table"]

_BLOCK = 1 << 22
"""Most indices drawn at once: bounds the memory of the bootstrap."""


@dataclass(frozen=True)
class Statistic:
    """One column over all utterances.

    Args:
        mean: Mean of the defined, finite values; NaN if there are none.
        low: Lower end of the interval of the mean; NaN below two values.
        high: Upper end.
        median: Median of the same values.
        count: How many values that are.
        excluded: How many utterances have no value, or an infinite one.
    """

    mean: float
    low: float
    high: float
    median: float
    count: int
    excluded: int

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain numbers for JSON; what is not a number is None."""
        return {key: value if math.isfinite(value) else None for key, value in asdict(self).items()}


def bootstrap_interval(
    values: npt.ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean.

    Args:
        values: Finite numbers, ``(utterance)``.
        level: Confidence, between 0 and 1.
        resamples: How many times to draw.
        seed: Of the draws.

    Returns:
        Lower and upper end; NaN below two values.

    Raises:
        ValueError: If ``level`` is not between 0 and 1.

    >>> bootstrap_interval([1.0, 2.0, 3.0, 4.0, 5.0] * 20)
    (2.7..., 3.2...)
    """
    if not 0 < level < 1:
        raise ValueError(f"Expected a level between 0 and 1, got {level}.")
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(array))
    means = [
        array[rng.integers(len(array), size=(min(block, resamples - start), len(array)))].mean(axis=1)
        for start in range(0, resamples, block)
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def describe(values: Iterable[float], *, level: float = 0.95, seed: int = 0) -> Statistic:
    """Statistic of one column.

    >>> statistic = describe([1.0, 3.0, float("nan")])
    >>> statistic.mean, statistic.count, statistic.excluded
    (2.0, 2, 1)
    """
    every: FloatArray = np.asarray(list(values), dtype=np.float64)
    known = every[np.isfinite(every)]
    low, high = bootstrap_interval(known, level=level, seed=seed)
    mean, median = (float(known.mean()), float(np.median(known))) if len(known) else (float("nan"), float("nan"))
    return Statistic(mean, low, high, median, len(known), len(every) - len(known))


def summarize(rows: Iterable[Mapping[str, Any]], *, level: float = 0.95, seed: int = 0) -> dict[str, Statistic]:
    """Statistic of every numeric column, in the order of first appearance.

    Args:
        rows: One mapping an utterance; text, truth values and None are not numbers. A row that lacks a column counts
            as excluded there.
        level: Confidence of the intervals.
        seed: Of the bootstrap.

    >>> summarize([{"key": "a", "snr": 1.0}, {"key": "b", "snr": 2.0}])["snr"].mean
    1.5
    """
    table = list(rows)
    columns = dict.fromkeys(name for row in table for name, value in row.items() if _is_number(value))
    return {
        name: describe((row[name] if _is_number(row.get(name)) else math.nan for row in table), level=level, seed=seed)
        for name in columns
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def summary_table(statistics: Mapping[str, Statistic]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a table for people: a metric a row, input, output and improvement with its interval.

    Columns ``input_X`` and ``X_imp`` of ``statistics`` are shown in the row of ``X``.

    >>> rows = [{"snr": 9.0, "input_snr": 1.0, "snr_imp": 8.0}, {"snr": 11.0, "input_snr": 2.0, "snr_imp": 9.0}]
    >>> for line in summary_table(summarize(rows))[1]: print(line)
    ['snr', '1.500', '10.000 [9.000, 11.000]', '8.500 [8.000, 9.000]', '2']
    """
    inputs = {f"input_{name}" for name in statistics}
    improvements = {f"{name}_imp" for name in statistics}
    names = [name for name in statistics if name not in inputs | improvements]
    cells = [
        [
            name,
            _number(statistics.get(f"input_{name}")),
            _with_interval(statistics[name]),
            _with_interval(statistics.get(f"{name}_imp")),
            _count(statistics[name]),
        ]
        for name in names
    ]
    return ["metric", "input", "output [95 %]", "improvement [95 %]", "utterances"], cells


def _number(statistic: Statistic | None) -> str:
    return f"{statistic.mean:.3f}" if statistic is not None and statistic.count else "-"


def _with_interval(statistic: Statistic | None) -> str:
    interval = "" if statistic is None or math.isnan(statistic.low) else f" [{statistic.low:.3f}, {statistic.high:.3f}]"
    return _number(statistic) + interval


def _count(statistic: Statistic) -> str:
    return f"{statistic.count} ({statistic.excluded} without)" if statistic.excluded else str(statistic.count)


def rows_as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV text with all their columns in order of first appearance; NaN and missing cells are empty.

    >>> print(rows_as_csv([{"key": "a", "snr": 1.5}, {"key": "b", "snr": float("nan"), "reasons": "silent"}]), end="")
    key,snr,reasons
    a,1.5,
    b,,silent
    """
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if isinstance(v, float) and math.isnan(v) else v for name, v in row.items()})
    return text.getvalue()
