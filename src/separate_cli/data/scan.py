"""What is in a folder of audio: its files, who speaks in them, which part they belong to, how long they are.

folder --find_audio--> paths --name_speakers, split--> {path: (speaker, part)} --probe, in threads--> recordings
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from separate_cli.audio.probe import probe
from separate_cli.data.journal import Journal
from separate_cli.data.manifest import Recording
from separate_cli.data.split import split
from separate_cli.errors import InputError, SepError
from separate_cli.progress import SILENT, Progress
from separate_cli.specs.prepare import AUTO_SPEAKER, CORPUS_SUFFIXES, SPEAKER_PATTERNS, AudioFolder, SpeechFolder

__all__ = ["Scan", "Skipped", "find_audio", "name_speakers", "scan"]

_THREADS = 8
_CHUNK = 64


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Scan:
    """What was found in one folder."""

    recordings: list[Recording]
    skipped: list[Skipped]


def find_audio(root: Path, *, include: tuple[str, ...] = ()) -> list[str]:
    """Audio files below ``root``, as sorted paths relative to it, with ``/`` between parts. Dot files do not count.

    Raises:
        InputError: If ``root`` is not a folder or has no such file.
    """
    if not root.is_dir():
        raise InputError(f"There is no folder {root}.", hint="Check the path in the recipe, or download the corpus.")
    found = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in CORPUS_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    chosen = [path for path in found if not include or any(fnmatch(path, pattern) for pattern in include)]
    if not chosen:
        which = f" that matches {', '.join(include)}" if include else ""
        raise InputError(f"There is no audio file{which} in {root}.", hint="Check the path in the recipe.")
    return chosen


def name_speakers(paths: list[str], pattern: str) -> dict[str, str]:
    """Path → speaker, by a pattern of ``specs.prepare``; paths that it does not match are missing.

    >>> name_speakers(["train/84/121/84-121-0001.flac", "readme.wav"], "librispeech")
    {'train/84/121/84-121-0001.flac': '84'}
    """
    if pattern == "auto":
        choices = (name_speakers(paths, name) for name in AUTO_SPEAKER)
        return next(named for named in choices if len(named) == len(paths))
    expression = re.compile(SPEAKER_PATTERNS.get(pattern, pattern))
    matches = {path: expression.search(path) for path in paths}
    return {path: match["speaker"] for path, match in matches.items() if match}


def scan(
    name: str,
    spec: AudioFolder,
    root: Path,
    *,
    table: Path | None = None,
    min_seconds: float = 0.0,
    least_speakers: int = 1,
    journal: Journal,
    progress: Progress = SILENT,
) -> Scan:
    """Look at every audio file of a folder.

    Args:
        name: What the corpus is called.
        spec: Which files, who speaks, which part.
        root: Where the folder is now.
        table: Where the table of the split rule is now, if it has one.
        min_seconds: Shorter recordings are left out.
        least_speakers: How many to validate and test on at least, where their share is up to us.
        journal: Keeps what was read of each file, for a run that goes on after a kill.
        progress: One step a file.

    Raises:
        InputError: If nothing usable is found.
    """
    paths = find_audio(root, include=spec.include)
    speakers = name_speakers(paths, spec.speaker if isinstance(spec, SpeechFolder) else "file")
    parts = split(speakers, spec.split, root=root, table=table, least=least_speakers)
    skipped = [
        Skipped(path, "its name does not tell the speaker" if path not in speakers else "not in the table")
        for path in paths
        if path not in parts
    ]
    recordings = []
    with progress.task(f"Looking at {name}", total=len(parts), unit="files") as task:
        for path, facts in _probe_all(name, list(parts), root, journal):
            task.advance()
            if isinstance(facts, str):
                skipped.append(Skipped(path, facts))
                continue
            recording = Recording(name, path, parts[path], speakers[path], **facts)
            if recording.seconds < min_seconds:
                skipped.append(Skipped(path, f"{recording.seconds:.2f} s is shorter than {min_seconds:g} s"))
            else:
                recordings.append(recording)
    if not recordings:
        first = skipped[0]
        raise InputError(
            f"None of the {len(paths)} audio files in {root} can be used; {first.path}: {first.reason}.",
            hint=f"Check speaker, split and min_seconds of {name} in the recipe.",
        )
    return Scan(sorted(recordings), skipped)


def _probe_all(
    name: str, paths: list[str], root: Path, journal: Journal
) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Each path with rate, frames and channels, or with the reason why it cannot be read."""

    def look(path: str) -> tuple[str, list[int], Mapping[str, Any] | str]:
        file = root / path
        status = file.stat()
        stamp = [status.st_size, status.st_mtime_ns]
        known = journal.done.get(f"{name}/{path}")
        if known is not None and known[0] == stamp:
            facts: Mapping[str, Any] = known[1]
            return path, stamp, facts
        try:
            info = probe(file)
        except SepError as error:
            return path, stamp, error.message
        return path, stamp, {"sample_rate": info.sample_rate, "frames": info.frames, "channels": info.channels}

    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(paths), _CHUNK):  # a stop waits for one chunk, not for all
            for path, stamp, facts in pool.map(look, paths[start : start + _CHUNK]):
                if not isinstance(facts, str):
                    journal.add(f"{name}/{path}", [stamp, facts])
                yield path, facts
