"""Every metric of one utterance behind one call.

    estimates (estimate, time), references (reference, time), mixture (time) | None; also (source, channel, time)
        --SI-SDR matrix, Hungarian--> permutation
        --families--> MetricResult: {metric: Scores(output, input, improvement)} + reasons for what is missing

A metric that cannot be computed (missing package, silent reference, crash of a back end) is NaN with a reason; the
others are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from separate_cli.metrics.catalogue import DEFAULT_METRICS, METRICS, Family, Metric
from separate_cli.metrics.ratios import pairwise_si_sdr
from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined, Waves, as_waves

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["ErrorPolicy", "MetricResult", "Scores", "best_permutation", "evaluate"]

ErrorPolicy = Literal["nan", "raise"]


@dataclass(frozen=True)
class Scores:
    """One metric of one utterance, a value a reference, in the order of the references.

    Args:
        output: Of the estimates, ``(reference)``.
        input: Of the unprocessed mixture, ``(reference)``; None when no mixture was given.
        higher_is_better: Direction of the metric.
    """

    output: FloatArray
    input: FloatArray | None = None
    higher_is_better: bool = True

    @property
    def improvement(self) -> FloatArray | None:
        """How much better the output is than the input, ``(reference)``; positive is better for every metric."""
        if self.input is None:
            return None
        with np.errstate(invalid="ignore"):  # inf - inf, e.g. SIR of a single source, is honestly NaN
            difference: FloatArray = self.output - self.input
        return difference if self.higher_is_better else -difference


@dataclass(frozen=True)
class MetricResult(Mapping[str, Scores]):
    """All metrics of one utterance: a mapping from metric name to ``Scores``.

    Args:
        scores: Metric name → scores.
        permutation: ``permutation[j]`` is the estimate that was scored as reference ``j``.
        reasons: Metric name → why some of its values are NaN.
    """

    scores: Mapping[str, Scores]
    permutation: tuple[int, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Scores:
        return self.scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def as_row(self) -> dict[str, float]:
        """Flat means over the sources: ``X``, and with a mixture ``input_X`` and ``X_imp``, for every metric ``X``.

        Sources without a value are left out of a mean; a mean of none is NaN.
        """
        row: dict[str, float] = {}
        for name, scores in self.scores.items():
            row[name] = _mean(scores.output)
            if scores.input is not None and scores.improvement is not None:
                row[f"input_{name}"] = _mean(scores.input)
                row[f"{name}_imp"] = _mean(scores.improvement)
        return row


def evaluate(
    estimates: Waves,
    references: Waves,
    mixture: Waves | None = None,
    *,
    sample_rate: int,
    metrics: Sequence[str | Metric] = DEFAULT_METRICS,
    permute: bool = True,
    transcripts: Sequence[str] = (),
    errors: ErrorPolicy = "nan",
) -> MetricResult:
    """Score the estimates of one utterance against its references.

    Args:
        estimates: ``(estimate, time)``, ``(estimate, channel, time)`` or ``(time)``, numpy or torch.
        references: The same for the references; not more references than estimates.
        mixture: The unprocessed input, ``(time)`` or, with channels, ``(channel, time)``; or one input a reference,
            shaped as the references.
        sample_rate: In Hz.
        metrics: Names from ``METRICS``, or ``Metric`` objects of your own.
        permute: Whether to score the assignment of estimates to references with the best mean SI-SDR; False scores
            the i-th estimate as the i-th reference.
        transcripts: What is said in each reference, for word error rates; without, what is recognised in a reference.
        errors: ``"nan"`` gives NaN and a reason for what cannot be computed; ``"raise"`` raises the first cause.

    Returns:
        Scores by metric, in the order asked for.

    Raises:
        ValueError: If shapes do not fit or a metric is unknown; with ``errors="raise"``, also ``Undefined``.
        UsageError: With ``errors="raise"``, if an optional package is missing.

    >>> time = np.arange(16000) / 8000
    >>> references = np.stack([np.sin(880 * np.pi * time), np.sin(1320 * np.pi * time)])
    >>> result = evaluate(references[::-1] + 0.1 * references, references, references.sum(0),
    ...                   sample_rate=8000, metrics=["si_sdr", "snr"])
    >>> result.permutation, result["si_sdr"].output.round(3)
    ((1, 0), array([20., 20.]))
    >>> {name: round(value, 3) for name, value in result.as_row().items()}["si_sdr_imp"]
    20.0
    """
    est, ref = as_waves("estimates", estimates), as_waves("references", references)
    mix = None if mixture is None else as_waves("mixture", mixture)
    if mix is not None and mix.ndim == 2 and ref.ndim == 3:
        mix = mix[None]  # (1, channel, time)
    _check(est, ref, mix, sample_rate=sample_rate, permute=permute)
    chosen = [metric if isinstance(metric, Metric) else METRICS.get(metric) for metric in metrics]

    if transcripts and len(transcripts) != len(ref):
        raise ValueError(f"Expected a transcript for each of {len(ref)} references, got {len(transcripts)}.")
    faulty = [name for name, wave in (("estimates", est), ("references", ref), ("mixture", mix)) if _is_faulty(wave)]
    permutation = best_permutation(est, ref) if permute and not faulty else tuple(range(len(ref)))
    pairs = [(permutation[j], j) for j in range(len(ref))]
    if mix is not None:
        pairs += [(len(est) + (j if len(mix) > 1 else 0), j) for j in range(len(ref))]
    trial = Trial(
        est if mix is None else np.concatenate([est, mix]), ref, tuple(pairs), sample_rate, tuple(transcripts)
    )
    if faulty:
        error = Undefined(f"NaN or infinite samples in the {' and '.join(faulty)}.")
        outcomes = {metric.name: Outcome(np.full(len(pairs), np.nan), error) for metric in chosen}
    else:
        with _blas_threads().limit(limits=1, user_api="blas"):
            outcomes = _run_families(chosen, trial)
    if errors == "raise":
        for outcome in outcomes.values():
            if outcome.error is not None:
                raise outcome.error
    return MetricResult(
        scores={metric.name: _scores(metric, outcomes[metric.name], len(ref)) for metric in chosen},
        permutation=permutation,
        reasons={metric.name: reason for metric in chosen if (reason := outcomes[metric.name].reason)},
    )


def best_permutation(estimates: FloatArray, references: FloatArray) -> tuple[int, ...]:
    """The assignment with the best mean SI-SDR: ``result[j]`` is the estimate for reference ``j``.

    Args:
        estimates: ``(estimate, time)`` or ``(estimate, channel, time)``; the channels count together.
        references: ``(reference, time)`` or ``(reference, channel, time)``.

    >>> rng = np.random.default_rng(0)
    >>> references = rng.standard_normal((3, 100))
    >>> best_permutation(references[[2, 0, 1]], references)
    (1, 2, 0)
    """
    if len(estimates) == len(references) == 1:
        return (0,)
    from scipy.optimize import linear_sum_assignment

    flat = [waves.reshape(len(waves), -1) for waves in (estimates, references)]
    rows, columns = linear_sum_assignment(pairwise_si_sdr(*flat), maximize=True)
    return tuple(int(row) for _, row in sorted(zip(columns, rows, strict=True)))


@cache
def _blas_threads() -> ThreadpoolController:
    """One thread for linear algebra: problems are small, and on a busy machine two waiting for each other can take a
    hundred times as long as one. Torch's threads are not touched.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _run_families(metrics: Sequence[Metric], trial: Trial) -> dict[str, Outcome]:
    """Run each family once; whatever one raises is the outcome of its own metrics only."""
    outcomes: dict[str, Outcome] = {}
    families: dict[Family, list[Metric]] = {}
    for metric in metrics:
        families.setdefault(metric.family, []).append(metric)
    for family, members in families.items():
        try:
            outcomes |= family(trial) if members[0].multichannel else _by_channel(family, trial)
        except Exception as error:  # back ends raise anything; the other metrics must live
            outcomes |= {metric.name: Outcome(np.full(len(trial.pairs), np.nan), error) for metric in members}
    return {name: _explained(outcome) for name, outcome in outcomes.items()}


def _explained(outcome: Outcome) -> Outcome:
    """No NaN without a reason: what a family leaves open is a ratio of nothing to nothing."""
    if outcome.error is None and np.isnan(outcome.values).any():
        return Outcome(outcome.values, Undefined("The signals are so that the result is not a number."))
    return outcome


def _by_channel(family: Family, trial: Trial) -> Mapping[str, Outcome]:
    """Run a single-channel family on every channel and take means."""
    if trial.signals.ndim == 2:
        return family(trial)
    channels = [
        family(replace(trial, signals=trial.signals[:, channel], references=trial.references[:, channel]))
        for channel in range(trial.signals.shape[1])
    ]
    return {
        name: Outcome(
            np.mean([channel[name].values for channel in channels], axis=0),
            next((channel[name].error for channel in channels if channel[name].error is not None), None),
        )
        for name in channels[0]
    }


def _scores(metric: Metric, outcome: Outcome, n_references: int) -> Scores:
    output, rest = outcome.values[:n_references], outcome.values[n_references:]
    return Scores(output, rest if len(rest) else None, metric.higher_is_better)


def _check(
    estimates: FloatArray, references: FloatArray, mixture: FloatArray | None, *, sample_rate: int, permute: bool
) -> None:
    if sample_rate <= 0:
        raise ValueError(f"Expected a positive sample rate, got {sample_rate}.")
    if len(estimates) < len(references) or (not permute and len(estimates) != len(references)):
        raise ValueError(f"Expected an estimate for each of {len(references)} references, got {len(estimates)}.")
    for name, waves in (("estimates", estimates), ("mixture", mixture)):
        if waves is not None and waves.shape[1:] != references.shape[1:]:
            raise ValueError(
                f"Expected {name} with channels and samples as the references {references.shape[1:]}, "
                f"got {waves.shape[1:]}."
            )
    if mixture is not None and len(mixture) not in {1, len(references)}:
        raise ValueError(f"Expected one mixture or one a reference ({len(references)}), got {len(mixture)}.")


def _is_faulty(wave: FloatArray | None) -> bool:
    return wave is not None and not np.isfinite(wave).all()


def _mean(values: FloatArray) -> float:
    """Mean of what is not NaN; NaN if nothing is."""
    known = values[~np.isnan(values)]
    with np.errstate(invalid="ignore"):  # +inf and -inf together have no mean
        return float(known.mean()) if len(known) else float("nan")
