"""The frame of every evaluation: what has no row yet is scored, then all rows are summed up.

trials --score_all--> journal --rows--> results.csv, Results --the evaluation's own tables--> metrics.json
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separate_cli.data.journal import Journal
from separate_cli.files import write_json
from separate_cli.metrics import MetricResult
from separate_cli.pipeline.stage import StageContext
from separate_cli.stages.evaluation.scoring import T, Take, Tried, rows_of, score_all
from separate_cli.stages.evaluation.tables import Row, Rows, Statistics, Table, collect, plain

__all__ = ["Results", "one_row", "results_of"]


@dataclass(frozen=True)
class Results:
    """What an evaluation found.

    Args:
        rows: Of ``results.csv``.
        failures: Key → error of the trials that have no scores.
        reasons: Why scores are missing, and how often.
    """

    rows: Rows
    failures: Mapping[str, str]
    reasons: Mapping[str, int]

    def write(
        self,
        folder: Path,
        *,
        headline: Mapping[str, float],
        conditions: Mapping[str, Statistics],
        table: Table,
        **more: Any,
    ) -> None:
        """Write ``metrics.json``: what all kinds have in common, and ``more``."""
        document = {
            "headline": headline,
            "conditions": {name: plain(statistics) for name, statistics in conditions.items()},
            "table": table.as_dict(),
            "reasons": self.reasons,
            "left_out": {},
            "failures": self.failures,
        }
        write_json(folder / "metrics.json", document | more)


@contextmanager
def results_of(
    trials: Sequence[T],
    attempt: Callable[[T], Iterable[Take]],
    context: StageContext,
    *,
    look_at: str,
    metrics: Sequence[str],
    permute: bool,
    workers: int | None,
    as_row: Callable[[MetricResult], dict[str, Any]] = MetricResult.as_row,
    rows: Callable[[T, Journal, str | None], Iterable[Row]] | None = None,
) -> Iterator[Results | None]:
    """All rows, ``results.csv`` written; None in a member of a job array, whose rows are summed up elsewhere.

    When the block is left without an error, nothing has to be gone on with: the journal is removed.

    Args:
        trials: See ``score_all``, as for ``attempt``, ``metrics``, ``permute``, ``workers`` and ``as_row``.
        attempt: See there.
        context: Of the stage.
        look_at: What to check, besides the model, when every trial fails.
        metrics: See there.
        permute: See there.
        workers: See there.
        as_row: See there.
        rows: Rows of a trial, from the journal and the trial's error; ``one_row`` unless given.

    Raises:
        InputError: If every trial fails.
    """
    with rows_of(context) as journal:
        errors = score_all(
            trials, attempt, journal, context, metrics=metrics, permute=permute, workers=workers, as_row=as_row
        )
        if context.shard is not None:
            yield None
            return
        of_trial = rows or one_row
        found = [row for trial in trials for row in of_trial(trial, journal, errors.get(trial.key))]
        collect(found, errors, context.folder, look_at=look_at)
        yield Results(found, errors, Counter(row["reasons"] for row in journal.done.values() if "reasons" in row))
        journal.remove()


def one_row(trial: Tried, journal: Journal, error: str | None) -> list[Row]:
    """The trial's facts with its scores, or with its error."""
    return [{"key": trial.key, **trial.facts(), **journal.done.get(trial.key, {"error": error})}]
