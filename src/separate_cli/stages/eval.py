"""Score a model on every test utterance, behind every mask, in every condition.

    trial --model--> estimate --metrics--> a row
        results.csv    all rows: input, output and improvement of each metric
        metrics.json   means with 95 % intervals, by condition and by mask; summary.md the same as tables
        examples/      some trials as audio and pictures

Rows are kept as they come: a killed run goes on with the next one, and a trial that fails costs only itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.writer import write_audio
from separate_cli.data.corpus import Corpus
from separate_cli.data.demask_trials import DemaskTrials, Trial
from separate_cli.data.journal import Journal
from separate_cli.errors import InputError, OutputError, SepError, SpecError
from separate_cli.files import write_json, write_text
from separate_cli.hub.loading import load_model
from separate_cli.inference.device import choose_device
from separate_cli.metrics import (
    METRICS,
    MetricResult,
    Statistic,
    Utterance,
    evaluate_many,
    rows_as_csv,
    summarize,
    summary_table,
)
from separate_cli.models.base import Separator
from separate_cli.pipeline.stage import StageContext
from separate_cli.report.spectrogram import save_spectrograms
from separate_cli.specs.eval import EvalSpec

__all__ = ["run"]

Wave = NDArray[np.float32]
Rows = Sequence[Mapping[str, Any]]
Statistics = Mapping[str, Statistic]

_ORACLE = "oracle:"


def run(spec: EvalSpec, context: StageContext) -> None:
    """Score all trials that have no row yet, then sum up.

    Raises:
        SpecError: If a metric is unknown.
        InputError: If there is nothing to score, the model cannot be read, or every trial fails.
    """
    if unknown := [name for name in spec.metrics if name not in METRICS]:
        raise SpecError(f"eval.metrics: {METRICS.unknown(unknown[0])}", hint="See the list of metrics in the docs.")
    loaded = load_model(context.inputs["model" if spec.model else "train"])
    model = loaded.model.to(choose_device(spec.device))
    trials = DemaskTrials(Corpus.of("prepare", context.inputs), spec, sample_rate=round(model.sample_rate))
    with Journal(context.folder / "rows.jsonl") as journal:
        errors = _score(trials, model, spec, context, journal)
        rows = [
            {"key": trial.key, **trial.facts(), **journal.done.get(trial.key, {"error": errors.get(trial.key)})}
            | _prefixed(journal.done.get(_ORACLE + trial.key, {}), spec.metrics)
            for trial in trials
        ]
        if len(errors) == len(rows):
            raise InputError(
                f"Every trial failed, the first one: {rows[0]['error']}", hint="Check the model and prepare.speech."
            )
        write_text(context.folder / "results.csv", rows_as_csv(rows))
        conditions = {name: _of_utterances(rows, name, seed=spec.seed) for name in trials.conditions}
        masks = {name: _of_masks(rows, name, seed=spec.seed) for name in trials.conditions}
        write_text(context.folder / "summary.md", _as_markdown(conditions, masks, spec.metrics))
        write_json(
            context.folder / "metrics.json",
            {
                "headline": _headline(next(iter(conditions.values()))),
                "share_of_oracle": {name: _shares(one, spec.metrics) for name, one in conditions.items()},
                "reasons": _reasons(journal.done.values()),
                "conditions": {name: _plain(statistics) for name, statistics in conditions.items()},
                "masks": {name: {mask: _plain(one) for mask, one in found.items()} for name, found in masks.items()},
                "metrics": spec.metrics,
                "utterances": len(trials.speech),
                "left_out": trials.left_out,
                "failures": errors,
                "model": loaded.content_hash,
            },
        )
        journal.remove()


def _score(
    trials: DemaskTrials, model: Separator, spec: EvalSpec, context: StageContext, journal: Journal
) -> dict[str, str]:
    """Fill the journal with a row for each trial; the errors of those that have none."""
    every = list(trials)
    shown = every[:: max(1, len(every) // max(1, spec.saved_examples))][: spec.saved_examples]
    errors: dict[str, str] = {}

    def estimates(todo: Sequence[Trial]) -> Iterator[Utterance]:
        for trial in todo:
            try:
                mixture, target = trials.load(trial)
                estimate = model.separate(mixture)
                if trial in shown:
                    folder = context.folder / "examples" / f"{shown.index(trial):02}-{trial.condition}-{trial.mask}"
                    _save_example(folder, {"mixture": mixture, "target": target[0], "estimate": estimate[0]}, model)
            except OutputError:  # a full disk is not the trial's fault
                raise
            except (SepError, ValueError, RuntimeError) as error:
                errors[trial.key] = str(error)
                continue
            if spec.oracle:
                known = trials.undo(trial, mixture)
                yield Utterance(_ORACLE + trial.key, known, target, trials.sample_rate)
            yield Utterance(trial.key, estimate, target, trials.sample_rate, mixture)

    todo = [trial for trial in every if trial.key not in journal.done]
    with context.progress.task("Scoring", total=len(todo), unit="utterances") as bar:
        for key, result in evaluate_many(estimates(todo), metrics=spec.metrics, permute=False, workers=spec.workers):
            journal.add(key, _row(result))
            if not key.startswith(_ORACLE):
                bar.advance()
    return errors


def _prefixed(row: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, Any]:
    return {f"oracle_{metric}": row[metric] for metric in metrics if metric in row}


def _row(result: MetricResult) -> dict[str, Any]:
    reasons = {"reasons": "; ".join(f"{name}: {why}" for name, why in result.reasons.items())}
    return {**result.as_row(), **(reasons if result.reasons else {})}


def _reasons(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Why scores are missing → in how many rows."""
    return dict(Counter(row["reasons"] for row in rows if "reasons" in row))


def _shares(statistics: Statistics, metrics: Sequence[str]) -> dict[str, float]:
    """How much of what the oracle gains over the input the model gains, where the oracle was scored."""
    shares: dict[str, float] = {}
    for metric in metrics:
        model, start, oracle = (statistics.get(f"{name}{metric}") for name in ("", "input_", "oracle_"))
        if model and start and oracle and oracle.mean != start.mean:
            share = (model.mean - start.mean) / (oracle.mean - start.mean)
            shares |= {metric: round(share, 4)} if math.isfinite(share) else {}
    return shares


def _save_example(folder: Path, waves: Mapping[str, Wave], model: Separator) -> None:
    """Write waves as 16-bit audio, all with the same gain, and a picture of their spectra."""
    rate = round(model.sample_rate)
    peak = max(1.0, *(float(np.abs(wave).max()) for wave in waves.values()))
    for name, wave in waves.items():
        write_audio(folder / f"{name}.wav", (wave / np.float32(peak))[np.newaxis], rate)
    save_spectrograms(folder / "spectrograms.png", waves, sample_rate=rate, title=folder.name)


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


def _headline(statistics: Statistics) -> dict[str, float]:
    return {
        name: round(one.mean, 4)
        for name, one in statistics.items()
        if name.endswith("_imp") and math.isfinite(one.mean)
    }


def _plain(statistics: Statistics) -> dict[str, Any]:
    return {name: statistic.as_dict() for name, statistic in statistics.items()}


def _as_markdown(
    conditions: Mapping[str, Statistics], masks: Mapping[str, Mapping[str, Statistics]], metrics: Sequence[str]
) -> str:
    """Two tables a condition: metrics, and what each mask gains."""
    parts = []
    for name, statistics in conditions.items():
        parts += [f"## {name}", _table(*summary_table(statistics))]
        gains = [
            [mask, *(_gain(found.get(f"{metric}_imp")) for metric in metrics)] for mask, found in masks[name].items()
        ]
        parts += [f"### {name}: improvement behind each mask", _table(["mask", *metrics], gains)]
    return "\n\n".join(parts) + "\n"


def _gain(statistic: Statistic | None) -> str:
    return "-" if statistic is None or not statistic.count else f"{statistic.mean:+.3f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
