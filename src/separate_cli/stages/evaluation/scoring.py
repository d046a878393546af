"""The loop of every evaluation: what has no row yet is tried, scored beside, and noted at once.

    trials --attempt--> [Take, ...] --evaluate_many--> row --> Journal

A trial that fails costs only itself; a killed run goes on with the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.writer import write_audio
from separate_cli.data.journal import Journal
from separate_cli.errors import OutputError, SepError
from separate_cli.metrics import MetricResult, Utterance, evaluate_many
from separate_cli.pipeline.record import JOURNAL
from separate_cli.pipeline.stage import StageContext
from separate_cli.report.spectrogram import save_spectrograms

__all__ = ["T", "Take", "Tried", "rows_of", "save_example", "score_all", "spread"]

Wave = NDArray[np.float32]


class Tried(Protocol):
    """Something that a model is tried on."""

    @property
    def key(self) -> str:
        """Its name in results."""

    def facts(self) -> Mapping[str, Any]:
        """What results are grouped by."""


T = TypeVar("T", bound=Tried)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Take:
    """What a model made of a trial, to be scored.

    Args:
        key: Of its row in the journal.
        utterance: What the metrics see; None where there is nothing for them.
        facts: Further columns of the row.
    """

    key: str
    utterance: Utterance | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def score_all(
    trials: Sequence[T],
    attempt: Callable[[T], Iterable[Take]],
    journal: Journal,
    context: StageContext,
    *,
    metrics: Sequence[str],
    permute: bool,
    workers: int | None,
    as_row: Callable[[MetricResult], dict[str, Any]] = MetricResult.as_row,
) -> dict[str, str]:
    """Fill the journal with the rows that are missing.

    Args:
        trials: All of them, also those that are done.
        attempt: Loads a trial and runs the model; the first take has the trial's own key.
        journal: Keeps the rows.
        context: Says which share of the trials is meant.
        metrics: As in ``evaluate``.
        permute: As in ``evaluate``.
        workers: Processes that score.
        as_row: Turns scores into columns.

    Returns:
        Key → error of the trials that have no row.
    """
    errors: dict[str, str] = {}
    facts: dict[str, Mapping[str, Any]] = {}
    share = trials if context.shard is None else context.shard.share(trials)
    todo = [trial for trial in share if trial.key not in journal.done]

    def utterances() -> Iterator[Utterance]:
        for trial in todo:
            try:
                takes = list(attempt(trial))
            except OutputError:  # a full disk is not the trial's fault
                raise
            except (SepError, ValueError, RuntimeError) as error:
                errors[trial.key] = str(error)
                continue
            for take in reversed(takes):  # the trial's own comes last: once it is done, all are
                facts[take.key] = take.facts
                if take.utterance is None:
                    journal.add(take.key, dict(take.facts))
                    bar.advance()
                else:
                    yield take.utterance

    with context.progress.task("Scoring", total=len(todo), unit="trials") as bar:
        own = {trial.key for trial in todo}
        for key, result in evaluate_many(utterances(), metrics=metrics, permute=permute, workers=workers):
            journal.add(key, {**facts.pop(key), **as_row(result), **_reasons(result)})
            if key in own:
                bar.advance()
    return errors


@contextmanager
def rows_of(context: StageContext) -> Iterator[Journal]:
    """The rows that there are, those of the members of a job array taken over with their examples."""
    with Journal(context.folder / JOURNAL) as journal:
        for folder in context.shards:
            if (folder / JOURNAL).exists():
                with Journal(folder / JOURNAL) as theirs:
                    for key, row in theirs.done.items():
                        if key not in journal.done:
                            journal.add(key, row)
            for path in sorted(folder.glob("examples/*/*")):
                target = context.folder / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
        yield journal


def spread(items: Sequence[Item], count: int | None) -> list[Item]:
    """So many of the items, evenly spread; None: all.

    >>> spread(["a", "b", "c", "d", "e"], 2)
    ['a', 'c']
    """
    wanted = len(items) if count is None else min(count, len(items))
    return [items[i * len(items) // wanted] for i in range(wanted)]


def save_example(folder: Path, waves: Mapping[str, Wave], *, sample_rate: int) -> None:
    """Write waves, ``(time)`` or ``(channel, time)``, as 16-bit audio, all with the same gain, and their spectra."""
    peak = max(1.0, *(float(np.abs(wave).max(initial=0.0)) for wave in waves.values()))
    for name, wave in waves.items():
        write_audio(folder / f"{name}.wav", np.atleast_2d(wave / np.float32(peak)), sample_rate)
    first_channels = {name: np.atleast_2d(wave)[0] for name, wave in waves.items()}
    save_spectrograms(folder / "spectrograms.png", first_channels, sample_rate=sample_rate, title=folder.name)


def _reasons(result: MetricResult) -> dict[str, str]:
    """Why scores are missing, as a column."""
    text = "; ".join(f"{name}: {why}" for name, why in result.reasons.items())
    return {"reasons": text} if text else {}
