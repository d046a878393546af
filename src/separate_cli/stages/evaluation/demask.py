"""Score a model on every test utterance, behind every mask, in every condition.

trial --model--> estimate --metrics--> a row
    results.csv    all rows: input, output and improvement of each metric
    metrics.json   means with 95 % intervals, by condition and by mask; summary.md the same as tables
    examples/      some trials as audio and pictures
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from separate_cli.data.demask_trials import DemaskTrials, Trial
from separate_cli.data.journal import Journal
from separate_cli.files import write_text
from separate_cli.metrics import Statistic, Utterance, summarize, summary_table
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.demask import DemaskEval
from separate_cli.stages.evaluation.results import one_row, results_of
from separate_cli.stages.evaluation.scoring import Take, save_example, spread
from separate_cli.stages.evaluation.subject import check_metrics, corpus_of, subject_of
from separate_cli.stages.evaluation.tables import (
    Row,
    Rows,
    Statistics,
    Table,
    headline,
    markdown,
    plain,
    table_of,
)

__all__ = ["run"]

_ORACLE = "oracle:"


def run(spec: DemaskEval, context: StageContext) -> None:
    """Score all trials that have no row yet, then sum up.

    Raises:
        SpecError: If a metric is unknown.
        InputError: If there is nothing to score, the model cannot be read, or every trial fails.
    """
    check_metrics(spec.metrics)
    subject = subject_of(spec, context)
    trials = DemaskTrials(corpus_of(spec, context), spec, sample_rate=subject.sample_rate)
    every = list(trials)
    shown = spread(every, spec.saved_examples)

    def attempt(trial: Trial) -> Iterator[Take]:
        mixture, target = trials.load(trial)
        estimate = subject.model.separate(mixture)
        if trial in shown:
            folder = context.folder / "examples" / f"{shown.index(trial):02}-{trial.condition}-{trial.mask}"
            waves = {"mixture": mixture, "target": target[0], "estimate": estimate[0]}
            save_example(folder, waves, sample_rate=trials.sample_rate)
        yield Take(trial.key, Utterance(trial.key, estimate, target, trials.sample_rate, mixture))
        if spec.oracle:
            key, known = _ORACLE + trial.key, trials.undo(trial, mixture)
            yield Take(key, Utterance(key, known, target, trials.sample_rate))

    def rows(trial: Trial, journal: Journal, error: str | None) -> Iterator[Row]:
        oracle = _prefixed(journal.done.get(_ORACLE + trial.key, {}), spec.metrics)
        yield from ({**row, **oracle} for row in one_row(trial, journal, error))

    with results_of(
        every,
        attempt,
        context,
        look_at="prepare.speech",
        metrics=spec.metrics,
        permute=False,
        workers=spec.workers,
        rows=rows,
    ) as results:
        if results is None:
            return
        conditions = {name: _of_utterances(results.rows, name, seed=spec.seed) for name in trials.conditions}
        masks = {name: _of_masks(results.rows, name, seed=spec.seed) for name in trials.conditions}
        write_text(context.folder / "summary.md", _as_markdown(conditions, masks, spec.metrics))
        results.write(
            context.folder,
            headline=headline(next(iter(conditions.values()))),
            conditions=conditions,
            table=table_of(conditions, spec.metrics),
            kind=spec.kind,
            metrics=spec.metrics,
            model=subject.content_hash,
            utterances=len(trials.speech),
            left_out=trials.left_out,
            share_of_oracle={name: _shares(one, spec.metrics) for name, one in conditions.items()},
            masks={name: {mask: plain(one) for mask, one in found.items()} for name, found in masks.items()},
        )


def _prefixed(row: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, Any]:
    return {f"oracle_{metric}": row[metric] for metric in metrics if metric in row}


def _shares(statistics: Statistics, metrics: Sequence[str]) -> dict[str, float]:
    """How much of what the oracle gains over the input the model gains, where the oracle was scored."""
    shares: dict[str, float] = {}
    for metric in metrics:
        model, start, oracle = (statistics.get(f"{name}{metric}") for name in ("", "input_", "oracle_"))
        if model and start and oracle and oracle.mean != start.mean:
            share = (model.mean - start.mean) / (oracle.mean - start.mean)
            shares |= {metric: round(share, 4)} if math.isfinite(share) else {}
    return shares


def _of_utterances(rows: Rows, condition: str, *, seed: int) -> Statistics:
    """Statistics over utterances, each averaged over its masks: rows of one utterance are no independent samples."""
    utterances: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["condition"] == condition:
            utterances.setdefault(row["utterance"], []).append(row)
    return summarize((_mean(group) for group in utterances.values()), seed=seed)


def _of_masks(rows: Rows, condition: str, *, seed: int) -> dict[str, Statistics]:
    masks = dict.fromkeys(row["mask"] for row in rows)
    return {
        mask: summarize((row for row in rows if (row["condition"], row["mask"]) == (condition, mask)), seed=seed)
        for mask in masks
    }


def _mean(rows: Rows) -> dict[str, float]:
    """Mean of each column over the rows that have a finite number there."""
    columns = dict.fromkeys(name for row in rows for name, value in row.items() if isinstance(value, float))
    values = {name: [row[name] for row in rows if math.isfinite(row.get(name, math.nan))] for name in columns}
    return {name: sum(known) / len(known) if known else math.nan for name, known in values.items()}


def _as_markdown(
    conditions: Mapping[str, Statistics], masks: Mapping[str, Mapping[str, Statistics]], metrics: Sequence[str]
) -> str:
    """Two tables a condition: metrics, and what each mask gains."""
    sections = {}
    for name, statistics in conditions.items():
        gains = [
            [mask, *(_gain(found.get(f"{metric}_imp")) for metric in metrics)] for mask, found in masks[name].items()
        ]
        sections[f"## {name}"] = Table(*summary_table(statistics))
        sections[f"### {name}: improvement behind each mask"] = Table(["mask", *metrics], gains)
    return markdown(sections)


def _gain(statistic: Statistic | None) -> str:
    return "-" if statistic is None or not statistic.count else f"{statistic.mean:+.3f}"
