"""Every metric of many utterances, in several processes, in order, whatever happens to one of them.

    utterances (an iterator, e.g. a model at work) --at most a few ahead--> worker processes --in order--> (key, result)

Workers are spawned, so nothing of the parent's state (threads, locks, CUDA) is inherited, and it works alike on Linux,
macOS and Windows. If a worker dies (a crash in a C library, out of memory), the utterances that were under way are
scored again, each in a process of its own: only the one that kills its worker again is lost, and its result says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np

from separate_cli.metrics.catalogue import DEFAULT_METRICS, METRICS, Metric
from separate_cli.metrics.utterance import ErrorPolicy, MetricResult, Scores, evaluate
from separate_cli.metrics.waves import Outcome, Undefined, Waves, as_waves
from separate_cli.pipeline import worker
from separate_cli.pipeline.executors import available_cpus
from separate_cli.progress import SILENT, Progress

__all__ = ["Utterance", "available_cpus", "evaluate_many"]


@dataclass(frozen=True)
class Utterance:
    """One recording to score.

    Args:
        key: Its name in results.
        estimates: As in ``evaluate``.
        references: As in ``evaluate``.
        sample_rate: In Hz.
        mixture: As in ``evaluate``.
        transcripts: As in ``evaluate``.
    """

    key: str
    estimates: Waves
    references: Waves
    sample_rate: int
    mixture: Waves | None = None
    transcripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Settings:
    metrics: tuple[Metric, ...]
    permute: bool
    errors: ErrorPolicy


def evaluate_many(
    utterances: Iterable[Utterance],
    *,
    metrics: Sequence[str | Metric] = DEFAULT_METRICS,
    permute: bool = True,
    errors: ErrorPolicy = "nan",
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Iterator[tuple[str, MetricResult]]:
    """Score many utterances, a few at a time, in the order given.

    Args:
        utterances: What to score; drawn as fast as it is scored, so a generator that runs a model works beside.
        metrics: As in ``evaluate``.
        permute: As in ``evaluate``.
        errors: ``"nan"`` turns every failure, also of a whole utterance, into NaN with a reason; ``"raise"`` raises it.
        workers: Number of processes; 1 works in this one; default: one a CPU that this process may use.
        progress: Where to report progress.

    Returns:
        Iterator of key and result, one an utterance.

    Raises:
        ValueError: If a metric is unknown; with ``errors="raise"``, whatever ``evaluate`` raises.
        RuntimeError: If worker processes cannot start, as in a script without ``if __name__ == "__main__":``.

    >>> rng = np.random.default_rng(0)
    >>> clean = rng.standard_normal((2, 1, 8000))
    >>> utterances = [Utterance(f"u{i}", 1.1 * clean[i], clean[i], 8000) for i in range(2)]
    >>> for key, result in evaluate_many(utterances, metrics=["snr"], workers=1):
    ...     print(key, round(result.as_row()["snr"]))
    u0 20
    u1 20
    """
    chosen = tuple(metric if isinstance(metric, Metric) else METRICS.get(metric) for metric in metrics)
    settings = _Settings(chosen, permute, errors)
    count = available_cpus() if workers is None else workers
    if count < 1:
        raise ValueError(f"Expected at least one worker, got {workers}.")
    return _run(utterances, settings, count, progress)


def _run(
    utterances: Iterable[Utterance], settings: _Settings, workers: int, progress: Progress
) -> Iterator[tuple[str, MetricResult]]:
    total = len(utterances) if isinstance(utterances, Sized) else None
    crew = _Crew(workers) if workers > 1 else None
    waiting: deque[tuple[str, Callable[[], MetricResult]]] = deque()
    try:
        with progress.task("Scoring", total=total, unit="utterances") as bar:
            for utterance in utterances:
                job = crew.submit(utterance, settings) if crew else partial(_score, utterance, settings)
                waiting.append((utterance.key, job))
                if len(waiting) > (2 * workers if crew else 0):
                    yield _collect(*waiting.popleft(), settings)
                    bar.advance()
            while waiting:
                yield _collect(*waiting.popleft(), settings)
                bar.advance()
    finally:
        if crew is not None:
            crew.dismiss()


def _collect(key: str, result: Callable[[], MetricResult], settings: _Settings) -> tuple[str, MetricResult]:
    """Wait for a result; a failure of the whole utterance becomes a result too, unless it is to be raised."""
    try:
        return key, result()
    except Exception as error:
        if settings.errors == "raise":
            raise
        reason = Outcome(np.empty(0), error).reason
        names = [metric.name for metric in settings.metrics]
        return key, MetricResult({name: Scores(np.array([np.nan])) for name in names}, (), dict.fromkeys(names, reason))


def _score(utterance: Utterance, settings: _Settings) -> MetricResult:
    return evaluate(
        utterance.estimates,
        utterance.references,
        utterance.mixture,
        sample_rate=utterance.sample_rate,
        metrics=settings.metrics,
        permute=settings.permute,
        transcripts=utterance.transcripts,
        errors=settings.errors,
    )


def _portable(utterance: Utterance) -> Utterance:
    """Turn tensors into arrays, so that no worker has to load torch."""
    return replace(
        utterance,
        estimates=as_waves("estimates", utterance.estimates),
        references=as_waves("references", utterance.references),
        mixture=None if utterance.mixture is None else as_waves("mixture", utterance.mixture),
    )


class _Crew:
    """A pool of worker processes that is replaced when one of them dies."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = _hire(count)

    def submit(self, utterance: Utterance, settings: _Settings) -> Callable[[], MetricResult]:
        """Start scoring; returns what waits for the result."""
        try:
            job = partial(_score, _portable(utterance), settings)
        except ValueError:
            return partial(_score, utterance, settings)  # raises the same again, where it is collected
        try:
            future = self._pool.submit(worker.call, job)
        except BrokenProcessPool:
            self.dismiss()
            self._pool = _hire(self._count)
            future = self._pool.submit(worker.call, job)
        return partial(_outlive, future, job)

    def dismiss(self) -> None:
        """Stop all workers; what has not begun is dropped."""
        self._pool.shutdown(cancel_futures=True)


def _outlive(future: Future[MetricResult], job: Callable[[], MetricResult]) -> MetricResult:
    """The result of ``job``; if its worker died, perhaps by another's fault, try once more in a process of its own."""
    try:
        return future.result()
    except BrokenProcessPool:
        with _hire(1) as alone:
            try:
                return alone.submit(worker.call, job).result()
            except BrokenProcessPool as error:
                raise Undefined(
                    "Its worker process died: a back end crashed, memory ran out, or a metric of your own is in a file "
                    "that cannot be imported there."
                ) from error


def _hire(count: int) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=worker.start)
    try:
        pool.submit(worker.call, int).result()
    except BrokenProcessPool as error:
        raise RuntimeError(
            'Worker processes could not start. In a script, call this under `if __name__ == "__main__":`, '
            "or pass workers=1."
        ) from error
    return pool
