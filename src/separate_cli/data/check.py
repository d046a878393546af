"""Is a corpus whole? Every file is decoded, in parallel, and held against its list and against the others.

    Expected(path, rate, length, ...) --inspect, in processes--> facts --against what is expected--> Fault(kind, detail)

Facts are kept while the check runs, so that one that was stopped goes on; memory does not depend on the corpus' hours.

Checked: tests/data/test_check.py (each kind of fault, any number of workers, going on after a stop).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from separate_cli.data.inspect import Inspection, inspect
from separate_cli.data.journal import Journal
from separate_cli.pipeline.executors import spread
from separate_cli.progress import SILENT, Progress

__all__ = ["KINDS", "Checked", "Expected", "Fault", "Kind", "check"]

Kind = Literal["missing", "unreadable", "nan", "rate", "length", "channels", "silent", "clipped", "duplicate"]
KINDS: dict[Kind, str] = {
    "missing": "there is no such file",
    "unreadable": "it is no audio, damaged, or cut off",
    "nan": "samples are NaN or infinite",
    "rate": "its sample rate is not that of the list",
    "length": "it is shorter or longer than the list says",
    "channels": "it has other channels than the list says",
    "silent": "a channel is silent from beginning to end",
    "clipped": "peaks are cut off at full scale",
    "duplicate": "another file has the same samples",
}
"""What may be wrong with a file."""

_SILENCE = 2 / 32768
_FEW_FILES = 32


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is read; None: nothing.

    Args:
        path: Where it is.
        shown: How it is called in results.
        sample_rate: In Hz.
        frames: Its exact length in samples.
        least_frames: Its length or less.
        channels: How many, exactly.
        least_channels: How many or less.
        role: Files of one role should differ from each other; empty: they may be the same.
        part: Which part of the corpus it belongs to.
    """

    path: Path
    shown: str
    sample_rate: int | None = None
    frames: int | None = None
    least_frames: int = 0
    channels: int | None = None
    least_channels: int = 0
    role: str = ""
    part: str = ""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a file."""

    path: str
    kind: Kind
    detail: str


@dataclass(frozen=True)
class Checked:
    """What a check has found.

    Args:
        files: How many were looked at.
        seconds: How long they last together.
        faults: What is wrong, in the order of the files.
    """

    files: int
    seconds: float
    faults: list[Fault] = field(default_factory=list)

    def counts(self) -> dict[Kind, int]:
        """Kind → number of faults."""
        found = Counter(fault.kind for fault in self.faults)
        return {kind: found[kind] for kind in KINDS if found[kind]}


def check(
    files: Sequence[Expected], journal: Path, *, executor: str | None = None, progress: Progress = SILENT
) -> Checked:
    """Decode all files and hold them against what is expected of them.

    Args:
        files: In the order of the results; each path once.
        journal: Where facts are kept until the check is through.
        executor: Who decodes, see ``pipeline.executors``; None: this process for a few files, else all CPUs.
        progress: One step a file.

    Raises:
        SepError: If workers keep dying, or the journal cannot be written.
    """
    executor = executor or ("local:1" if len(files) < _FEW_FILES else "local")
    facts: dict[Path, Inspection] = {}
    with Journal(journal) as notes:
        stamps = {file.path: _stamp(file.path) for file in files}
        for path, stamp in stamps.items():
            known = notes.done.get(str(path))
            if stamp is not None and known is not None and known[0] == stamp:
                facts[path] = Inspection(**{**known[1], "peaks": tuple(known[1]["peaks"])})
        todo = [path for path, stamp in stamps.items() if stamp is not None and path not in facts]
        with progress.task("Checking", total=len(files), unit="files") as task:
            task.advance(len(files) - len(todo))
            for path, found in spread(inspect, todo, executor=executor):
                if not isinstance(found, Inspection):
                    raise found
                facts[path] = found
                notes.add(str(path), [stamps[path], asdict(found)])
                task.advance()
        notes.remove()
    seconds = sum(found.frames / found.sample_rate for found in facts.values() if found.sample_rate)
    return Checked(len(files), seconds, list(_judge(files, facts)))


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _judge(files: Iterable[Expected], facts: Mapping[Path, Inspection]) -> Iterator[Fault]:
    first: dict[tuple[str, str], Expected] = {}
    for file in files:
        found = facts.get(file.path)
        if found is None:
            yield Fault(file.shown, "missing", "there is no such file")
            continue
        for kind, detail in _against(file, found):
            yield Fault(file.shown, kind, detail)
        if file.role and found.digest and any(peak > _SILENCE for peak in found.peaks):
            twin = first.setdefault((file.role, found.digest), file)
            if twin is not file:
                other = f", which is in {twin.part}, while this one is in {file.part}" if twin.part != file.part else ""
                yield Fault(file.shown, "duplicate", f"the same samples as {twin.shown}{other}")


def _against(file: Expected, found: Inspection) -> Iterator[tuple[Kind, str]]:
    """What is wrong with one file by itself."""
    if found.problem:
        yield "unreadable", found.problem
    if not found.frames:
        return
    if found.not_finite:
        yield "nan", f"{found.not_finite} samples are NaN or infinite"
    if file.sample_rate not in {None, found.sample_rate}:
        yield "rate", f"{found.sample_rate} Hz, expected {file.sample_rate} Hz"
    if not found.problem:
        if file.frames not in {None, found.frames}:
            yield "length", f"{found.frames} samples, expected {file.frames}"
        elif found.frames < file.least_frames:
            yield "length", f"{found.frames} samples, at least {file.least_frames} are used"
    if file.channels not in {None, found.channels}:
        yield "channels", f"{found.channels} channels, expected {file.channels}"
    elif found.channels < file.least_channels:
        yield "channels", f"{found.channels} channels, number {file.least_channels} is used"
    silent = [str(i + 1) for i, peak in enumerate(found.peaks) if peak <= _SILENCE]
    if silent and not found.not_finite:
        yield "silent", "silent" if len(silent) == found.channels else f"channel {', '.join(silent)} is silent"
    if found.clipped:
        yield "clipped", f"{found.clipped} peaks are cut off"
