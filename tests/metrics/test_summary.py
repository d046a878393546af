from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics.summary import bootstrap_interval, describe, rows_as_csv, summarize, summary_table

RNG = np.random.default_rng(0)


def test_the_interval_agrees_with_normal_theory_on_many_values() -> None:
    values = RNG.normal(10, 2, size=2000)
    half = 1.96 * values.std(ddof=1) / np.sqrt(2000)
    np.testing.assert_allclose(bootstrap_interval(values), [values.mean() - half, values.mean() + half], atol=0.02)


def test_about_95_of_100_intervals_hold_the_true_mean() -> None:
    samples = RNG.exponential(1.0, size=(300, 60))
    intervals = [bootstrap_interval(sample, resamples=400) for sample in samples]
    assert 0.89 < np.mean([low <= 1 <= high for low, high in intervals]) < 0.98


def test_the_same_values_give_the_same_digits_whatever_the_block() -> None:
    values = RNG.standard_normal(50)
    assert bootstrap_interval(values) == bootstrap_interval(list(values))
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values)


def test_values_that_are_missing_or_infinite_are_counted_not_averaged() -> None:
    statistic = describe([1.0, 3.0, float("nan"), float("inf")])
    assert (statistic.mean, statistic.median, statistic.count, statistic.excluded) == (2, 2, 2, 2)
    nothing = describe([float("nan")])
    assert nothing.as_dict() == {"mean": None, "low": None, "high": None, "median": None, "count": 0, "excluded": 1}
    assert np.isnan(describe([1.0]).low)


def test_columns_are_the_numbers_and_missing_cells_are_excluded() -> None:
    rows = [{"key": "a", "ok": True, "snr": 1.0, "n": 3}, {"key": "b", "ok": False, "snr": None, "pesq": np.float32(2)}]
    statistics = summarize(rows)
    assert list(statistics) == ["snr", "n", "pesq"]
    assert (statistics["snr"].count, statistics["snr"].excluded) == (1, 1)


def test_the_table_has_one_row_a_metric_and_no_intervals_of_one_value() -> None:
    columns, lines = summary_table(summarize([{"sdr": 5.0, "input_sdr": 1.0, "sdr_imp": 4.0, "rtf": float("nan")}]))
    assert columns[0] == "metric"
    assert lines == [["sdr", "1.000", "5.000", "4.000", "1"], ["rtf", "-", "-", "-", "0 (1 without)"]]


def test_a_level_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        bootstrap_interval([1.0, 2.0], level=95)


def test_csv_quotes_what_needs_it() -> None:
    assert rows_as_csv([{"key": 'a,"b"', "x": 1}]) == 'key,x\n"a,""b""",1\n'
