"""Score a separator on every mixture of a part.

mixture --model--> estimates --metrics, in the best order--> a row
    results.csv    all rows: input, output and improvement of each metric
    metrics.json   means with 95 % intervals; summary.md the same as tables
    examples/      some mixtures as audio and pictures
"""

from __future__ import annotations

from collections.abc import Iterator

from separate_cli.data.mixture_trials import MixtureTrial, MixtureTrials
from separate_cli.files import write_text
from separate_cli.metrics import Utterance
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import FacesEval, SeparationEval
from separate_cli.stages.evaluation.mixtures import Attempt, Separate, check_fit, save_attempt
from separate_cli.stages.evaluation.results import results_of
from separate_cli.stages.evaluation.scoring import Take, spread
from separate_cli.stages.evaluation.subject import Subject, check_metrics, corpus_of, subject_of
from separate_cli.stages.evaluation.tables import conditions_as_markdown, group, headline, table_of

__all__ = ["run", "score_mixtures"]


def run(spec: SeparationEval, context: StageContext) -> None:
    """Score all mixtures that have no row yet, then sum up.

    Raises:
        SpecError: If a metric is unknown, or the model does not fit the mixtures.
        InputError: If there is nothing to score, the model cannot be read, or every mixture fails.
    """
    score_mixtures(spec, context, subject_of(spec, context))


def score_mixtures(
    spec: SeparationEval | FacesEval, context: StageContext, subject: Subject, *, separate: Separate | None = None
) -> None:
    """``run``, of a model that ``separate`` runs; its estimates then have the order of the references.

    Raises:
        SpecError: As ``run``.
        InputError: As ``run``.
    """
    check_metrics(spec.metrics)
    names = subject.model.source_names
    trials = MixtureTrials(corpus_of(spec, context), spec, sample_rate=subject.sample_rate, names=names)
    check_fit(subject.model, trials, spec=spec)
    every, permute = list(trials), names is None and separate is None
    shown = spread(every, spec.saved_examples)

    def attempt(trial: MixtureTrial) -> Iterator[Take]:
        made = Attempt.of(subject, trials, trial, spec=spec, separate=separate)
        if trial in shown:
            folder = context.folder / "examples" / f"{shown.index(trial):02}"
            save_attempt(folder, trial, made, sample_rate=trials.sample_rate, permute=permute)
        heard = made.heard
        yield Take(
            trial.key,
            Utterance(
                trial.key, made.estimates, heard.references, trials.sample_rate, heard.mixture, trial.transcripts
            ),
        )

    with results_of(
        every,
        attempt,
        context,
        look_at="the prepared mixtures",
        metrics=spec.metrics,
        permute=permute,
        workers=spec.workers,
    ) as results:
        if results is None:
            return
        conditions = group(results.rows, spec.metrics, by=spec.by, seed=spec.seed)
        write_text(context.folder / "summary.md", conditions_as_markdown(conditions))
        results.write(
            context.folder,
            headline=headline(conditions["all"]),
            conditions=conditions,
            table=table_of(conditions, spec.metrics),
            kind=spec.kind,
            metrics=spec.metrics,
            model=subject.content_hash,
            mixtures=len(every),
        )
