"""Score a voice activity detector on every recording of a part.

recording --model--> probability (time) --threshold, perhaps smoothed--> decisions --against the truth--> a row
    results.csv    F1, accuracy, precision and recall of each recording
    metrics.json   the same over all samples together; summary.md as a table
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from separate_cli.data.activity import activity_of
from separate_cli.data.mixture_trials import MixtureTrial, MixtureTrials
from separate_cli.dsp.vad import Binarize
from separate_cli.files import write_text
from separate_cli.inference.arrays import separate_array
from separate_cli.metrics import ActivityCounts, count_activity, summarize
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.activity import ActivityEval
from separate_cli.specs.evaluation.separation import MixtureEval
from separate_cli.stages.evaluation.results import results_of
from separate_cli.stages.evaluation.scoring import Take, save_example, spread
from separate_cli.stages.evaluation.subject import corpus_of, subject_of
from separate_cli.stages.evaluation.tables import Table, markdown

__all__ = ["run"]

Wave = NDArray[np.float32]
_SCORES = ("f1", "accuracy", "precision", "recall")
_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def run(spec: ActivityEval, context: StageContext) -> None:
    """Score all recordings that have no row yet, then sum up.

    Raises:
        InputError: If there is nothing to score, the model cannot be read, or every recording fails.
    """
    subject = subject_of(spec, context)
    plain = MixtureEval(part=spec.part, input=spec.input, targets=(spec.input,), mixtures=spec.mixtures)
    trials = MixtureTrials(corpus_of(spec, context), plain, sample_rate=subject.sample_rate)
    every = list(trials)
    shown = spread(every, spec.saved_examples)

    def attempt(trial: MixtureTrial) -> Iterator[Take]:
        wave = trials.load(trial)[0][:1]
        probability = separate_array(subject.model, wave, whole_seconds=spec.whole_seconds)[0, 0]
        decided = _decide(probability, spec, sample_rate=trials.sample_rate)
        truth = _at_rate(activity_of(trial.mixture), len(decided))
        if trial in shown:
            folder = context.folder / "examples" / f"{shown.index(trial):02}"
            waves = {"mixture": wave[0], "heard": wave[0] * decided, "probability": probability}
            save_example(folder, waves, sample_rate=trials.sample_rate)
        counts = count_activity(decided, truth)
        yield Take(trial.key, None, {**_known(counts.as_row()), **{name: getattr(counts, name) for name in _COUNTS}})

    with results_of(
        every, attempt, context, look_at="the prepared recordings", metrics=(), permute=False, workers=1
    ) as results:
        if results is None:
            return
        scored = [row for row in results.rows if "true_positives" in row]
        overall = sum((_counts(row) for row in scored), ActivityCounts()).as_row()
        each = summarize([{name: row.get(name, math.nan) for name in _SCORES} for row in scored], seed=spec.seed)
        table = Table(
            ["score", "over all samples", "mean of recordings"],
            [[name, f"{overall[name]:.4f}", f"{each[name].mean:.4f}" if name in each else "-"] for name in _SCORES],
        )
        write_text(context.folder / "summary.md", markdown({"## Voice activity": table}))
        results.write(
            context.folder,
            headline={name: round(value, 4) for name, value in _known(overall).items()},
            conditions={"all": each},
            table=table,
            kind=spec.kind,
            metrics=_SCORES,
            model=subject.content_hash,
            mixtures=len(every),
        )


def _decide(probability: Wave, spec: ActivityEval, *, sample_rate: int) -> Wave:
    """0 or 1, ``(time)``."""
    if not spec.stability_seconds:
        return (probability >= spec.threshold).astype(np.float32)
    steady = Binarize(spec.threshold, spec.stability_seconds, sample_rate)
    decided: Wave = steady(torch.from_numpy(probability)[None, None]).reshape(-1).numpy().astype(np.float32)
    return decided


def _at_rate(truth: Wave, n_samples: int) -> Wave:
    """The truth at another rate: that of the nearest sample."""
    places = (np.arange(n_samples) + 0.5) * len(truth) / n_samples
    nearest: Wave = truth[places.astype(np.int64).clip(max=len(truth) - 1)]
    return nearest


def _known(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in scores.items() if math.isfinite(value)}


def _counts(row: Mapping[str, Any]) -> ActivityCounts:
    return ActivityCounts(*(int(row[name]) for name in _COUNTS))
