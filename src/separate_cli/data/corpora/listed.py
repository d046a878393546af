"""Corpora whose mixtures are files already: from their layout to a list.

    Entry(id, part, signals: name → path or sum) --probe, by many workers--> Mixture with rate and length

Checked: tests/data/corpora/test_listed.py (tiny trees of the true layouts).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from separate_cli.audio.probe import probe
from separate_cli.data.corpora.facts import mixture_facts
from separate_cli.data.mixing import Order, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal, write_mixtures
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.prepare import ListedCorpus

__all__ = ["Entry", "audio_below", "list_mixtures", "read_json", "within"]


@dataclass(frozen=True)
class Entry:
    """One mixture that is there.

    Args:
        id: Unique in its part.
        part: ``"train"``, ``"valid"`` or ``"test"``.
        signals: Name → path in the corpus, or names of signals that are added up.
        speakers: Who is s1, s2, and so on.
        facts: Anything further.
    """

    id: str
    part: str
    signals: Mapping[str, str | tuple[str, ...]]
    speakers: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def list_mixtures(
    name: str, entries: Iterable[Entry], spec: ListedCorpus, context: StageContext, *, corpus: str, trim: bool = False
) -> None:
    """Look at the files of all mixtures, and write ``mixtures.jsonl`` and ``corpus.json``.

    Args:
        name: What the catalog calls the corpus.
        entries: Its mixtures.
        spec: Who does it.
        context: Of the stage.
        corpus: Name of the corpus's folder among the inputs.
        trim: Whether signals may have different lengths; the shortest counts. Otherwise that is a fault.

    Raises:
        InputError: If there is none, a file is missing or damaged, or files of a mixture do not fit together.
    """
    items = {f"{entry.part}/{entry.id}": entry for entry in entries}
    root = roots_of(context.inputs)[corpus]
    if not items:
        raise InputError(f"There are no mixtures in {root}.", hint=f"See its layout: sep data ls {name}.")
    mixed = make_mixtures(items, partial(_plan, root, corpus, trim), spec, context)
    if mixed is not None:
        write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
        facts = {"mixtures": {corpus: mixture_facts(name, mixed.mixtures)}}
        write_json(context.folder / "corpus.json", facts)


def audio_below(folder: Path, suffix: str = ".wav") -> list[Path]:
    """Files of a folder with a suffix, in any case, sorted; none if there is no folder."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() == suffix and not path.name.startswith("."))


def read_json(path: Path) -> Any:
    """What is in a JSON file.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Get it again.") from error


def within(root: Path, text: str) -> str:
    """A path of a list, which may be absolute and of another machine, relative to ``root``, with ``/``.

    Raises:
        InputError: If there is no such file below ``root``.
    """
    parts = PurePosixPath(text.replace("\\", "/")).parts
    for first in range(len(parts)):
        tail = PurePosixPath(*parts[first:])
        if not tail.is_absolute() and (root / tail).exists():
            return tail.as_posix()
    raise InputError(f"There is no {text} in {root}.", hint="Is it the folder that the list was made for?")


def _plan(root: Path, corpus: str, trim: bool, entry: Entry) -> Order:
    """The mixture, once its files have told their rate and length."""
    infos = {name: probe(root / path) for name, path in entry.signals.items() if isinstance(path, str)}
    rates = {info.sample_rate for info in infos.values()}
    lengths = {info.frames for info in infos.values()}
    if len(rates) > 1 or (len(lengths) > 1 and not trim):
        text = ", ".join(f"{name} {info.frames} at {info.sample_rate} Hz" for name, info in infos.items())
        raise InputError(f"The files of {entry.id} in {root} do not fit together: {text}.", hint="Get them again.")
    frames = min(lengths)
    signals: dict[str, Signal] = {
        name: Piece(value, corpus, frames=frames if infos[name].frames > frames else None)
        if isinstance(value, str)
        else value
        for name, value in entry.signals.items()
    }
    mixture = Mixture(entry.id, entry.part, rates.pop(), frames, signals, None, entry.speakers, entry.facts)
    return Order(mixture, "")
