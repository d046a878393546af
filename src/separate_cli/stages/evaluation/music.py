"""Score a model of named stems on every track of a part, as the SiSEC campaigns do.

    track --model--> stems --BSS-eval v4, median over frames of a second--> a row a stem
        results.csv    all rows
        metrics.json   median over the tracks, by stem; summary.md the same as a table

Source: Stöter, Liutkus & Ito, "The 2018 Signal Separation Evaluation Campaign", LVA/ICA 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from separate_cli.data.journal import Journal
from separate_cli.data.mixture_trials import MixtureTrial, MixtureTrials
from separate_cli.files import write_text
from separate_cli.metrics import MetricResult, Utterance
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import MusicEval
from separate_cli.stages.evaluation.mixtures import Attempt, check_fit, save_attempt
from separate_cli.stages.evaluation.results import one_row, results_of
from separate_cli.stages.evaluation.scoring import Take, spread
from separate_cli.stages.evaluation.subject import check_metrics, corpus_of, subject_of
from separate_cli.stages.evaluation.tables import Row, Statistics, Table, group, markdown

__all__ = ["run"]


def run(spec: MusicEval, context: StageContext) -> None:
    """Score all tracks that have no row yet, then sum up.

    Raises:
        SpecError: If a metric is unknown, or the model does not fit the tracks.
        InputError: If there is nothing to score, the model cannot be read, or every track fails.
    """
    check_metrics(spec.metrics)
    subject = subject_of(spec, context)
    corpus = corpus_of(spec, context)
    trials = MixtureTrials(corpus, spec, sample_rate=subject.sample_rate, names=subject.model.source_names)
    check_fit(subject.model, trials, spec=spec)
    every = list(trials)
    shown, stems = spread(every, spec.saved_examples), every[0].targets

    def attempt(trial: MixtureTrial) -> Iterator[Take]:
        made = Attempt.of(subject, trials, trial, spec=spec)
        if trial in shown:
            folder = context.folder / "examples" / f"{shown.index(trial):02}"
            save_attempt(folder, trial, made, sample_rate=trials.sample_rate, permute=False)
        heard = made.heard
        yield Take(trial.key, Utterance(trial.key, made.estimates, heard.references, trials.sample_rate, heard.mixture))

    with results_of(
        every,
        attempt,
        context,
        look_at="the prepared tracks",
        metrics=spec.metrics,
        permute=False,
        workers=spec.workers,
        as_row=partial(_by_stem, stems=stems),
        rows=_rows,
    ) as results:
        if results is None:
            return
        conditions = {
            stem: group(
                [row for row in results.rows if row.get("stem") == stem], spec.metrics, by=None, seed=spec.seed
            )["all"]
            for stem in stems
        }
        table = _medians(conditions, spec.metrics)
        write_text(context.folder / "summary.md", markdown({"## Median over the tracks": table}))
        results.write(
            context.folder,
            headline=_headline(conditions, spec.metrics[0]),
            conditions=conditions,
            table=table,
            kind=spec.kind,
            metrics=spec.metrics,
            model=subject.content_hash,
            mixtures=len(every),
        )


def _by_stem(result: MetricResult, *, stems: tuple[str, ...]) -> dict[str, Any]:
    """The scores of each stem as columns."""
    found: dict[str, dict[str, float]] = {stem: {} for stem in stems}
    for name, scores in result.items():
        columns = {name: scores.output, f"input_{name}": scores.input, f"{name}_imp": scores.improvement}
        for column, values in columns.items():
            if values is not None and len(values) == len(stems):
                for stem, value in zip(stems, values, strict=True):
                    found[stem][column] = float(value)
    return {"stems": found}


def _rows(trial: MixtureTrial, journal: Journal, error: str | None) -> Iterator[Row]:
    """A row a stem, or one with the error."""
    done = journal.done.get(trial.key)
    if done is None:
        yield from one_row(trial, journal, error)
        return
    facts = {"key": trial.key, **trial.facts()}
    why = {"reasons": done["reasons"]} if "reasons" in done else {}
    for stem, scores in done["stems"].items():
        yield {**facts, "stem": stem, **scores, **why}


def _medians(conditions: Mapping[str, Statistics], metrics: tuple[str, ...]) -> Table:
    rows = [
        [stem, *(_number(statistics, metric) for metric in metrics), str(statistics[metrics[0]].count)]
        for stem, statistics in conditions.items()
        if metrics[0] in statistics
    ]
    return Table(["stem", *metrics, "tracks"], rows)


def _number(statistics: Statistics, metric: str) -> str:
    return f"{statistics[metric].median:.3f}" if metric in statistics else "-"


def _headline(conditions: Mapping[str, Statistics], metric: str) -> dict[str, float]:
    return {
        f"{stem}_{metric}": round(statistics[metric].median, 4)
        for stem, statistics in conditions.items()
        if metric in statistics and math.isfinite(statistics[metric].median)
    }
