"""How good a separation is: one call for all metrics of an utterance, one for all utterances, tables over them.

    evaluate(estimates, references, mixture, sample_rate=8000)    --> MetricResult {metric: Scores}
    evaluate_many(utterances, workers=2)                          --> (key, MetricResult) ...
    summarize(result.as_row() for ...)                            --> {column: Statistic}

The names load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from separate_cli.lazy import names_of

if TYPE_CHECKING:
    from separate_cli.metrics.activity import ActivityCounts as ActivityCounts
    from separate_cli.metrics.activity import count_activity as count_activity
    from separate_cli.metrics.asteroid_names import ALL_METRICS as ALL_METRICS
    from separate_cli.metrics.asteroid_names import MockWERTracker as MockWERTracker
    from separate_cli.metrics.asteroid_names import get_metrics as get_metrics
    from separate_cli.metrics.batch import Utterance as Utterance
    from separate_cli.metrics.batch import evaluate_many as evaluate_many
    from separate_cli.metrics.catalogue import DEFAULT_METRICS as DEFAULT_METRICS
    from separate_cli.metrics.catalogue import METRICS as METRICS
    from separate_cli.metrics.catalogue import Metric as Metric
    from separate_cli.metrics.recognition import PocketSphinx as PocketSphinx
    from separate_cli.metrics.recognition import Recogniser as Recogniser
    from separate_cli.metrics.recognition import Whisper as Whisper
    from separate_cli.metrics.summary import Statistic as Statistic
    from separate_cli.metrics.summary import bootstrap_interval as bootstrap_interval
    from separate_cli.metrics.summary import rows_as_csv as rows_as_csv
    from separate_cli.metrics.summary import summarize as summarize
    from separate_cli.metrics.summary import summary_table as summary_table
    from separate_cli.metrics.trackers import F1Tracker as F1Tracker
    from separate_cli.metrics.trackers import MetricTracker as MetricTracker
    from separate_cli.metrics.trackers import WERTracker as WERTracker
    from separate_cli.metrics.utterance import MetricResult as MetricResult
    from separate_cli.metrics.utterance import Scores as Scores
    from separate_cli.metrics.utterance import best_permutation as best_permutation
    from separate_cli.metrics.utterance import evaluate as evaluate
    from separate_cli.metrics.words import EditCounts as EditCounts
    from separate_cli.metrics.words import character_errors as character_errors
    from separate_cli.metrics.words import word_errors as word_errors

_FILES: dict[str, tuple[str, ...]] = {
    "activity": ("ActivityCounts", "count_activity"),
    "asteroid_names": ("ALL_METRICS", "MockWERTracker", "get_metrics"),
    "batch": ("Utterance", "evaluate_many"),
    "catalogue": ("DEFAULT_METRICS", "METRICS", "Metric"),
    "recognition": ("PocketSphinx", "Recogniser", "Whisper"),
    "summary": ("Statistic", "bootstrap_interval", "rows_as_csv", "summarize", "summary_table"),
    "trackers": ("F1Tracker", "MetricTracker", "WERTracker"),
    "utterance": ("MetricResult", "Scores", "best_permutation", "evaluate"),
    "words": ("EditCounts", "character_errors", "word_errors"),
}
"""File → the names that it gives."""
_WHERE: dict[str, str] = {name: file for file, names in _FILES.items() for name in names}

__all__ = [*_WHERE]  # noqa: PLE0604  the table is the list
__getattr__, __dir__ = names_of(__name__, _WHERE)
