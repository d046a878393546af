"""Accumulators for evaluation loops: feed them utterance by utterance, ask for rows, summaries and reports.

MetricTracker   signals --> rows of metrics --> means with intervals
WERTracker      speech --> recognised words --> error counts over all words, for input, estimate and clean speech
F1Tracker       activity --> frame counts --> F1, accuracy, precision, recall over all frames
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from separate_cli.files import write_json, write_text
from separate_cli.metrics.activity import ActivityCounts, count_activity
from separate_cli.metrics.catalogue import DEFAULT_METRICS, Metric
from separate_cli.metrics.recognition import PocketSphinx, Recogniser
from separate_cli.metrics.summary import Statistic, rows_as_csv, summarize
from separate_cli.metrics.utterance import ErrorPolicy, MetricResult, best_permutation, evaluate
from separate_cli.metrics.waves import Waves, as_waves
from separate_cli.metrics.words import EditCounts, character_errors, word_errors

__all__ = ["F1Tracker", "MetricTracker", "WERTracker"]


class MetricTracker:
    """Scores utterance by utterance and keeps one row each.

    Args:
        sample_rate: In Hz.
        metrics: As in ``evaluate``.
        permute: As in ``evaluate``.
        errors: As in ``evaluate``.

    >>> tracker = MetricTracker(sample_rate=8000, metrics=["snr"])
    >>> _ = tracker([2.0, 0.0], [1.0, -1.0], key="a", speaker="p225")
    >>> tracker.as_rows()
    [{'key': 'a', 'speaker': 'p225', 'snr': 0.0}]
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        metrics: Sequence[str | Metric] = DEFAULT_METRICS,
        permute: bool = True,
        errors: ErrorPolicy = "nan",
    ) -> None:
        self._settings: dict[str, Any] = {
            "sample_rate": sample_rate,
            "metrics": metrics,
            "permute": permute,
            "errors": errors,
        }
        self._rows: list[dict[str, Any]] = []

    def __call__(
        self, estimates: Waves, references: Waves, mixture: Waves | None = None, *, key: str = "", **facts: Any
    ) -> MetricResult:
        """Score one utterance as ``evaluate`` does and keep its row; ``facts`` are further columns."""
        result = evaluate(estimates, references, mixture, **self._settings)
        self.add(key, result, **facts)
        return result

    def add(self, key: str, result: MetricResult, **facts: Any) -> None:
        """Keep a result that was made elsewhere, for example by ``evaluate_many``."""
        row: dict[str, Any] = {"key": key, **facts, **result.as_row()}
        if result.reasons:
            row["reasons"] = "; ".join(f"{name}: {reason}" for name, reason in result.reasons.items())
        self._rows.append(row)

    def as_rows(self) -> list[dict[str, Any]]:
        """One row an utterance: key, facts, ``X``, ``input_X`` and ``X_imp``, and reasons for what is missing."""
        return [dict(row) for row in self._rows]

    def summary(self, *, seed: int = 0) -> dict[str, Statistic]:
        """Mean, 95 % bootstrap interval, median and counts of every numeric column."""
        return summarize(self._rows, seed=seed)

    def final_report(self, path: Path | None = None) -> dict[str, Statistic]:
        """The summary; also written to ``path`` as JSON if one is given."""
        summary = self.summary()
        if path is not None:
            write_json(path, {name: statistic.as_dict() for name, statistic in summary.items()})
        return summary

    def write_csv(self, path: Path) -> None:
        """Write the rows as CSV; what has no value is an empty cell."""
        write_text(path, rows_as_csv(self._rows))


class WERTracker:
    """Counts recognition errors of unprocessed, separated and clean speech over many utterances.

    Rates are of all words together (errors over words), not means of rates.

    Args:
        recogniser: Default: ``PocketSphinx()``.
    """

    def __init__(self, recogniser: Recogniser | None = None) -> None:
        self._recognise = recogniser or PocketSphinx()
        self._counts: dict[str, tuple[EditCounts, EditCounts]] = {}
        self._rows: list[dict[str, Any]] = []

    def __call__(
        self,
        estimates: Waves,
        references: Waves,
        mixture: Waves | None = None,
        *,
        sample_rate: int,
        transcripts: Sequence[str],
        key: str = "",
        permute: bool = True,
    ) -> dict[str, Any]:
        """Recognise one utterance and keep its row.

        Args:
            estimates: ``(estimate, time)`` or ``(time)``.
            references: ``(reference, time)`` or ``(time)``.
            mixture: ``(time)``; None leaves the input out.
            sample_rate: In Hz.
            transcripts: What is said, one text a reference.
            key: Name of the row.
            permute: Whether to assign estimates to references by SI-SDR first.

        Returns:
            ``input_wer``, ``wer``, ``clean_wer`` over the utterance's words, and the recognised texts.

        Raises:
            ValueError: If the numbers of references and transcripts differ.
        """
        est, ref = as_waves("estimates", estimates), as_waves("references", references)
        if len(transcripts) != len(ref):
            raise ValueError(f"Expected a transcript for each of {len(ref)} references, got {len(transcripts)}.")
        order = best_permutation(est, ref) if permute else tuple(range(len(ref)))
        texts = {"wer": [self._recognise(est[i], sample_rate) for i in order]}
        if mixture is not None:
            texts["input_wer"] = [self._recognise(as_waves("mixture", mixture)[0], sample_rate)] * len(ref)
        texts["clean_wer"] = [self._recognise(reference, sample_rate) for reference in ref]
        row: dict[str, Any] = {"key": key}
        for name, recognised in texts.items():
            row[name] = self._count(name, transcripts, recognised)
        row |= {name.replace("wer", "text"): " | ".join(recognised) for name, recognised in texts.items()}
        self._rows.append(row)
        return row

    def _count(self, name: str, transcripts: Sequence[str], recognised: Sequence[str]) -> float:
        pairs = list(zip(transcripts, recognised, strict=True))
        words = sum((word_errors(*pair) for pair in pairs), EditCounts())
        characters = sum((character_errors(*pair) for pair in pairs), EditCounts())
        before = self._counts.get(name, (EditCounts(), EditCounts()))
        self._counts[name] = (before[0] + words, before[1] + characters)
        return words.rate

    def as_rows(self) -> list[dict[str, Any]]:
        """One row an utterance, as ``__call__`` returns it."""
        return [dict(row) for row in self._rows]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and rows for people: input, estimate and clean speech with their rates and counts."""
        columns = ["speech", "WER", "CER", "hits", "substitutions", "deletions", "insertions", "words"]
        names = {"input_wer": "input", "wer": "estimate", "clean_wer": "clean"}
        rows = []
        for name, (words, characters) in sorted(self._counts.items(), key=lambda item: list(names).index(item[0])):
            counts = (words.hits, words.substitutions, words.deletions, words.insertions, words.length)
            rows.append([names[name], f"{words.rate:.2%}", f"{characters.rate:.2%}", *map(str, counts)])
        return columns, rows

    def markdown(self) -> str:
        """The table in Markdown."""
        columns, rows = self.table()
        return "\n".join(f"| {' | '.join(cells)} |" for cells in [columns, ["---"] * len(columns), *rows]) + "\n"

    def final_report_as_markdown(self) -> str:
        """The table in Markdown, as Asteroid's users know it."""
        return self.markdown()

    def final_report(self, path: Path | None = None) -> dict[str, float]:
        """``input_wer``, ``wer``, ``clean_wer`` and the same for characters, over everything; to ``path`` as JSON."""
        report = {name: words.rate for name, (words, _) in self._counts.items()}
        report |= {name.replace("wer", "cer"): characters.rate for name, (_, characters) in self._counts.items()}
        if path is not None:
            write_json(path, {name: None if math.isnan(rate) else rate for name, rate in report.items()})
        return report


class F1Tracker:
    """Counts frames of a voice activity detector over many recordings.

    >>> tracker = F1Tracker()
    >>> _ = tracker([0.9, 0.1], [1, 0]), tracker([0.9, 0.9], [1, 0])
    >>> tracker.final_report()
    {'f1': 0.8, 'accuracy': 0.75, 'precision': 0.666..., 'recall': 1.0}
    """

    def __init__(self, *, threshold: float = 0.5) -> None:
        self.threshold = threshold
        self.counts = ActivityCounts()

    def __call__(self, estimate: Waves, reference: Waves) -> dict[str, float]:
        """Add a recording, ``(frame)`` or ``(batch, frame)``; returns its own scores."""
        counts = count_activity(estimate, reference, threshold=self.threshold)
        self.counts += counts
        return counts.as_row()

    def final_report(self, path: Path | None = None) -> dict[str, float]:
        """Scores over all frames; also written to ``path`` as JSON if one is given."""
        report = self.counts.as_row()
        if path is not None:
            write_json(path, {name: None if math.isnan(score) else score for name, score in report.items()})
        return report
