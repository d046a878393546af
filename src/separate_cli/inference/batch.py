"""Many recordings: what is to be done for each, and doing it, one failure never stopping the others.

    recordings --plan--> Job(source, targets) --judge--> Verdict(run | skip | refuse, why) --run--> Outcome

What is done is skipped by content: the same recording, model and settings, and outputs that still are what was written.
What sep wrote may be replaced by sep; a file of the user's never is, unless told to.

Checked: tests/inference/test_batch.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from separate_cli.audio.formats import Container
from separate_cli.errors import InputError, OutputError, SepError
from separate_cli.files import hash_file, output_error
from separate_cli.inference.discover import Found
from separate_cli.inference.engine import Separated
from separate_cli.inference.journal import Journal, Record
from separate_cli.inference.naming import name_targets

__all__ = ["Batch", "Job", "Outcome", "Status", "Verdict"]

Status = Literal["done", "up to date", "planned", "failed"]
SeparateJob = Callable[["Job", Callable[[Separated], None]], Separated]
"""Separates one job; must call its second argument when the outputs are complete, before they get their names."""


@dataclass(frozen=True)
class Job:
    """A recording and the files that are to be made of it."""

    source: Path
    targets: tuple[Path, ...]


@dataclass(frozen=True)
class Verdict:
    """Whether a job has to run, and why."""

    action: Literal["run", "skip"]
    why: str


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Args:
        source: As the user named it.
        targets: Its outputs.
        status: ``"done"``, ``"up to date"``, ``"planned"`` (in a dry run) or ``"failed"``.
        why: The reason for the status.
        separated: What was found out, where it was done now.
        error: What went wrong.
    """

    source: str
    targets: tuple[Path, ...] = ()
    status: Status = "failed"
    why: str = ""
    separated: Separated | None = None
    error: SepError | None = None


class Batch:
    """Jobs that share a model and settings.

    Args:
        recordings: What to separate.
        tags: What tells the outputs of a recording apart, see ``naming.source_tags``.
        model_hash: SHA-256 of the model.
        settings_hash: Of all that decides the samples beside recording and model.
        output: Folder that mirrors the recordings' folders; None for next to each recording.
        container: Kind of output file.
        overwrite: Redo everything, and replace files that sep did not write.

    Attributes:
        jobs: What there is to do.
        left_out: Outputs of sep among the recordings, which are not separated again.
    """

    def __init__(
        self,
        recordings: Sequence[Found],
        tags: Sequence[str],
        *,
        model_hash: str,
        settings_hash: str,
        output: Path | None = None,
        container: Container = "auto",
        overwrite: bool = False,
    ) -> None:
        self._model_hash, self._settings_hash, self._overwrite = model_hash, settings_hash, overwrite
        self._journals: dict[Path, Journal] = {}
        targets = name_targets(recordings, tags, output=output, container=container)
        own = self._own_outputs(recordings, targets)
        self.left_out = [one.path for one in recordings if one.path in own]
        self.jobs = [
            Job(one.path, tuple(files)) for one, files in zip(recordings, targets, strict=True) if one.path not in own
        ]

    def run(self, separate: SeparateJob, *, dry_run: bool = False) -> Iterator[Outcome]:
        """Do the jobs, one after the other, and tell of each."""
        for job in self.jobs:
            source = str(job.source)
            try:
                source_hash = _hash_source(job.source)
                verdict = self._judge(job, source_hash)
                if verdict.action == "skip":
                    yield Outcome(source, job.targets, "up to date", verdict.why)
                elif dry_run:
                    yield Outcome(source, job.targets, "planned", verdict.why)
                else:
                    separated = separate(job, partial(self._note, job, source_hash))
                    yield Outcome(source, job.targets, "done", verdict.why, separated)
            except SepError as error:
                yield Outcome(source, job.targets, "failed", error.message, error=error)
            except OSError as cause:
                trouble = output_error(job.targets[0], cause)
                yield Outcome(source, job.targets, "failed", trouble.message, error=trouble)

    def _own_outputs(self, recordings: Sequence[Found], targets: Sequence[Sequence[Path]]) -> set[Path]:
        """Recordings that sep made itself.

        By name where the recording that they are made of is here too; by journal and content elsewhere. One that the
        user names alone is meant: that is how one model works on what another has made.
        """
        here = {one.path.resolve() for one in recordings}
        planned = {path.resolve() for files in targets for path in files}
        own = set()
        for one in recordings:
            path = one.path.resolve()
            if path in planned:
                own.add(one.path)
                continue
            journal = self._journal(path.parent)
            if not journal.mentions(path.name):
                continue
            makers = journal.makers(path.name, _hash_source(path))
            if makers and (not one.is_named or any((path.parent / maker.source).resolve() in here for maker in makers)):
                own.add(one.path)
        return own

    def _judge(self, job: Job, source_hash: str) -> Verdict:
        existing = [path for path in job.targets if path.is_file()]
        if self._overwrite or not existing:
            return Verdict("run", "redone as told" if existing else "new")
        journal = self._journal(job.targets[0].parent)
        wanted = self._record(job, source_hash, dict.fromkeys((path.name for path in job.targets), ""), gain=1.0)
        made: list[list[Record]] = []
        for path in existing:
            makers = journal.makers(path.name, hash_file(path))
            if not makers:
                raise OutputError(
                    f"{path} exists and is not what sep wrote.",
                    hint="Give --overwrite to replace it, or choose a folder with -o.",
                )
            made.append(makers)
        if len(existing) == len(job.targets) and any(
            all(maker in makers for makers in made) and maker.same_work(wanted) for maker in made[0]
        ):
            return Verdict("skip", "same recording, model and settings; outputs unchanged")
        last = made[0][-1]
        if last.source != wanted.source and last.source_hash != source_hash:
            raise OutputError(
                f"{existing[0]} already holds what was made of {last.source}.",
                hint="Give --overwrite to replace it, or choose another folder with -o.",
            )
        return Verdict("run", _difference(last, wanted, complete=len(existing) == len(job.targets)))

    def _note(self, job: Job, source_hash: str, done: Separated) -> None:
        hashes = dict(zip((path.name for path in job.targets), done.hashes, strict=True))
        self._journal(job.targets[0].parent).append(self._record(job, source_hash, hashes, gain=done.gain))

    def _record(self, job: Job, source_hash: str, outputs: dict[str, str], *, gain: float) -> Record:
        source = _seen_from(job.targets[0].parent, job.source)
        return Record(source, source_hash, self._model_hash, self._settings_hash, outputs, gain)

    def _journal(self, folder: Path) -> Journal:
        folder = folder.resolve()
        if folder not in self._journals:
            self._journals[folder] = Journal(folder)
        return self._journals[folder]


def _difference(last: Record, wanted: Record, *, complete: bool) -> str:
    if last.source_hash != wanted.source_hash:
        return "the recording has changed"
    if last.model_hash != wanted.model_hash:
        return "another model"
    if last.settings_hash != wanted.settings_hash:
        return "other settings"
    return "outputs belong to different runs" if complete else "an output is missing"


def _hash_source(path: Path) -> str:
    try:
        return hash_file(path)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.", hint="Check the file.") from error


def _seen_from(folder: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another Windows drive
        return path.resolve().as_posix()
