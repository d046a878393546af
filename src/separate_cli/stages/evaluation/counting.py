"""Score a model that counts the speakers before it separates them.

    mixture --model.count_speakers--> number --right--> estimates --metrics--> a row
        results.csv    all rows
        metrics.json   accuracy, confusion matrix, means by the number of speakers; summary.md the same as tables

The penalised SI-SDR sees all mixtures: estimates and references are paired as well as they can be, and each one without
a partner costs ``penalty_db``; the sum is shared by as many as the longer list has.

Source: Zhu et al., "Multi-Decoder DPRNN: source separation for variable number of speakers", ICASSP 2021, section 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from separate_cli.data.mixture_trials import MixtureTrial, MixtureTrials
from separate_cli.errors import SpecError
from separate_cli.files import write_text
from separate_cli.metrics import Utterance, summary_table
from separate_cli.metrics.ratios import pairwise_si_sdr
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import CountingEval
from separate_cli.stages.evaluation.mixtures import Attempt, check_fit
from separate_cli.stages.evaluation.results import results_of
from separate_cli.stages.evaluation.scoring import Take, save_example, spread
from separate_cli.stages.evaluation.subject import Subject, check_metrics, corpus_of, subject_of
from separate_cli.stages.evaluation.tables import (
    Rows,
    Statistics,
    Table,
    group,
    headline,
    markdown,
    table_of,
)

__all__ = ["penalised_si_sdr", "run"]

Wave = NDArray[np.float32]
_PENALISED = "penalised_si_sdr"


def run(spec: CountingEval, context: StageContext) -> None:
    """Score all mixtures that have no row yet, then sum up.

    Raises:
        SpecError: If a metric is unknown, or the model cannot count or does not fit the mixtures.
        InputError: If there is nothing to score, the model cannot be read, or every mixture fails.
    """
    check_metrics(spec.metrics)
    subject = subject_of(spec, context)
    if not hasattr(subject.model, "count_speakers"):
        raise SpecError(
            f"{type(subject.model).__name__} does not count speakers.", hint="Evaluate it with eval.kind=separation."
        )
    trials = MixtureTrials(corpus_of(spec, context), spec, sample_rate=subject.sample_rate)
    check_fit(subject.model, trials, spec=spec)
    every = list(trials)
    shown = spread(every, spec.saved_examples)

    def attempt(trial: MixtureTrial) -> Iterator[Take]:
        made = Attempt.of(subject, trials, trial, spec=spec)
        counted = _count(subject, made)
        heard, estimates = made.heard, made.estimates[:counted]
        score = penalised_si_sdr(estimates, heard.references, penalty_db=spec.penalty_db)
        facts = {"counted": counted, _PENALISED: score}
        is_right = counted == len(trial.targets)
        if trial in shown:
            folder = context.folder / "examples" / f"{shown.index(trial):02}"
            waves = {"mixture": heard.mixture, **{f"estimate{i}": wave for i, wave in enumerate(estimates, start=1)}}
            waves |= dict(zip(trial.targets, heard.references, strict=True))
            save_example(folder, waves, sample_rate=trials.sample_rate)
        scored = Utterance(trial.key, estimates, heard.references, trials.sample_rate, heard.mixture)
        yield Take(trial.key, scored if is_right else None, facts)

    with results_of(
        every,
        attempt,
        context,
        look_at="the prepared mixtures",
        metrics=spec.metrics,
        permute=True,
        workers=spec.workers,
    ) as results:
        if results is None:
            return
        names = (*spec.metrics, _PENALISED)
        scored = [row for row in results.rows if "counted" in row]
        conditions = group(scored, names, by="n_src", seed=spec.seed)
        confusion = _confusion(scored)
        accuracy = sum(row["counted"] == row["n_src"] for row in scored) / len(scored)
        write_text(context.folder / "summary.md", _as_markdown(conditions, confusion, accuracy))
        results.write(
            context.folder,
            headline={"count_accuracy": round(accuracy, 4), **headline(conditions["all"])},
            conditions=conditions,
            table=table_of(conditions, names),
            kind=spec.kind,
            metrics=spec.metrics,
            model=subject.content_hash,
            mixtures=len(every),
            count_accuracy=accuracy,
            confusion={str(true): {str(n): c for n, c in found.items()} for true, found in confusion.items()},
        )


def penalised_si_sdr(estimates: Wave, references: Wave, *, penalty_db: float) -> float:
    """SI-SDR of the best pairs, in dB, less a penalty for each signal without a partner, over the longer list.

    Args:
        estimates: ``(estimate, time)``.
        references: ``(reference, time)``.
        penalty_db: For each one that is left over.

    >>> rng = np.random.default_rng(0)
    >>> waves = rng.standard_normal((3, 8000))
    >>> noisy = waves + 0.1 * rng.standard_normal(waves.shape)
    >>> [round(penalised_si_sdr(noisy[:n], waves, penalty_db=30)) for n in (3, 2)]
    [20, 3]
    """
    scores = pairwise_si_sdr(np.asarray(estimates, np.float64), np.asarray(references, np.float64))
    pairs = linear_sum_assignment(scores, maximize=True)
    longer, missing = max(scores.shape), abs(scores.shape[0] - scores.shape[1])
    return float((scores[pairs].sum() - penalty_db * missing) / longer)


def _count(subject: Subject, made: Attempt) -> int:
    wave = torch.tensor(made.heard.wave, device=subject.model.device)
    with torch.inference_mode():
        return int(subject.model.count_speakers(wave))  # type: ignore[operator]  # checked in run


def _confusion(rows: Rows) -> dict[int, Counter[int]]:
    """True number → how often each number was counted."""
    found: dict[int, Counter[int]] = {count: Counter() for count in sorted({row["n_src"] for row in rows})}
    for row in rows:
        found[row["n_src"]][row["counted"]] += 1
    return found


def _as_markdown(
    conditions: Mapping[str, Statistics], confusion: Mapping[int, Mapping[int, int]], accuracy: float
) -> str:
    numbers = sorted({number for found in confusion.values() for number in (*found,)} | set(confusion))
    rows = [[str(true), *(str(found.get(number, 0)) for number in numbers)] for true, found in confusion.items()]
    sections: dict[str, Any] = {
        f"## {name}": Table(*summary_table(statistics)) for name, statistics in conditions.items()
    }
    counted = Table(["speakers", *(f"counted {number}" for number in numbers)], rows)
    return markdown({f"## Counted right: {accuracy:.1%}": counted, **sections})
