"""A corpus like LibriMix of your own recordings: found, split by speaker, drawn, mixed.

    folders --scan--> speech, noise, rooms --draw, by seed--> candidates of each mixture --own_mixture.plan--> mixtures

Every recording of a part is the first speaker of a mixture in turn; the others are drawn. Where a part has no noise or
rooms of its own, it takes those to train on.

Checked: tests/data/corpora/test_folder.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any, get_args

import numpy as np

from separate_cli.data.corpora.facts import describe, mixture_counts
from separate_cli.data.corpora.own_mixture import Draw, plan
from separate_cli.data.corpus import Role
from separate_cli.data.journal import Journal
from separate_cli.data.manifest import Recording, write_recordings
from separate_cli.data.mixing import Mixed, make_mixtures, roots_of
from separate_cli.data.mixtures import write_mixtures
from separate_cli.data.scan import Scan, Skipped, scan
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.folder import FolderCorpus
from separate_cli.specs.prepare import AudioFolder, Part

__all__ = ["make"]

_SPARES = 3
"""How many more candidates there are for each place than are needed."""

Scans = dict[Role, dict[str, Scan]]


def make(spec: FolderCorpus, context: StageContext) -> None:
    """Make mixtures of the recordings that are there.

    Raises:
        InputError: If a folder is missing, or too few speakers can be used.
        OutputError: If the mixtures do not fit on the disk.
    """
    with Journal(context.folder / "scan.jsonl") as journal:
        scans = {role: _scan(role, named, spec, context, journal) for role, named in _folders(spec).items()}
    found = {role: [item for one in named.values() for item in one.recordings] for role, named in scans.items()}
    items = {f"{draw.part}/{draw.number:06}": draw for part in get_args(Part) for draw in _draws(spec, part, found)}
    mixed = make_mixtures(items, partial(plan, spec, roots_of(context.inputs)), spec, context)
    if mixed is not None:
        _finish(spec, context, scans, mixed)
        (context.folder / "scan.jsonl").unlink()


def _folders(spec: FolderCorpus) -> dict[Role, Mapping[str, AudioFolder]]:
    return {"speech": spec.speech, "rooms": spec.rooms, "noise": spec.noise}


def _scan(
    role: Role, named: Mapping[str, AudioFolder], spec: FolderCorpus, context: StageContext, journal: Journal
) -> dict[str, Scan]:
    return {
        name: scan(
            name,
            folder,
            context.inputs[f"{role}.{name}.path"],
            table=context.inputs.get(f"{role}.{name}.split.table"),
            min_seconds=spec.min_seconds if role == "speech" else 0.0,
            least_speakers=spec.n_src if role == "speech" else 1,
            journal=journal,
            progress=context.progress,
        )
        for name, folder in named.items()
    }


def _draws(spec: FolderCorpus, part: Part, found: Mapping[Role, Sequence[Recording]]) -> Iterator[Draw]:
    """The candidates of all mixtures of a part."""
    speech = [item for item in sorted(found["speech"]) if item.part == part]
    wanted = {"train": spec.n_train, "valid": spec.n_valid, "test": spec.n_test}[part]
    voices = {item.speaker: [other for other in speech if other.speaker == item.speaker] for item in speech}
    if len(voices) < spec.n_src:
        if wanted or (part == "train" and wanted is None):
            raise InputError(
                f"There are {len(voices)} speakers for {part}; mixtures of {spec.n_src} need as many at least.",
                hint="Add speakers, change the split, or say how paths name speakers (speaker: in the recipe).",
            )
        return
    noise, rooms = (_of_part(found[role], part) for role in ("noise", "rooms"))
    where = get_args(Part).index(part)
    order = np.random.default_rng([spec.seed, where]).permutation(len(speech))
    for number in range(len(speech) if wanted is None else wanted):
        rng = np.random.default_rng([spec.seed, where, number])
        first = speech[int(order[number % len(speech)])]
        yield Draw(
            part,
            number,
            tuple(_candidates(first, voices, spec.n_src, rng)),
            tuple(noise[int(i)] for i in rng.integers(len(noise), size=1 + _SPARES)) if noise else (),
            _responses(rooms, spec.n_src, rng) if rooms and rng.random() < spec.room_probability else (),
            (spec.seed, where, number, 1),
        )


def _candidates(
    first: Recording, voices: Mapping[str, Sequence[Recording]], n_src: int, rng: np.random.Generator
) -> Iterator[Recording]:
    """Recordings of the first speaker, then of others; of each, and of speakers, some more than are needed."""
    others = [name for name in voices if name != first.speaker]
    chosen = [others[int(i)] for i in rng.permutation(len(others))[: n_src - 1 + _SPARES]]
    yield first
    for name in [first.speaker, *chosen]:
        order = rng.permutation(len(voices[name]))[: 1 + _SPARES]
        yield from (voices[name][int(i)] for i in order if voices[name][int(i)] != first)


def _responses(rooms: Sequence[Recording], n_src: int, rng: np.random.Generator) -> tuple[Recording, ...]:
    """One response a speaker: of the same folder, which is taken for a room, where that has enough."""
    one = rooms[int(rng.integers(len(rooms)))]
    same = [item for item in rooms if PurePosixPath(item.path).parent == PurePosixPath(one.path).parent]
    choice = same if len(same) >= n_src else rooms
    picked = rng.choice(len(choice), size=n_src, replace=len(choice) < n_src)
    return tuple(choice[int(i)] for i in picked)


def _of_part(recordings: Sequence[Recording], part: Part) -> list[Recording]:
    own = sorted(item for item in recordings if item.part == part)
    return own or sorted(item for item in recordings if item.part == "train")


def _finish(spec: FolderCorpus, context: StageContext, scans: Scans, mixed: Mixed) -> None:
    """Write the lists; what turned out to be of no use is left out of them, with the reason."""
    bad = {(corpus, path): reason for notes in mixed.notes.values() for corpus, path, reason in notes}
    write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
    facts: dict[str, Any] = {
        "mixtures": {"mixtures": {**_joint_licence(spec), **mixture_counts(mixed.mixtures), "skipped": []}}
    }
    for role, named in _folders(spec).items():
        kept = {name: _without(scans[role][name], name, bad) for name in named}
        write_recordings(context.folder / f"{role}.jsonl", (item for one in kept.values() for item in one.recordings))
        facts[role] = {name: describe(folder, kept[name]) for name, folder in named.items()}
    write_json(context.folder / "corpus.json", facts)


def _without(found: Scan, corpus: str, bad: Mapping[tuple[str, str], str]) -> Scan:
    skipped = [Skipped(path, reason) for (name, path), reason in sorted(bad.items()) if name == corpus]
    kept = [item for item in found.recordings if (corpus, item.path) not in bad]
    return Scan(kept, [*found.skipped, *skipped])


def _joint_licence(spec: FolderCorpus) -> dict[str, Any]:
    """What holds for mixtures of several corpora: all licences, all authors."""
    folders = [folder for named in _folders(spec).values() for folder in named.values()]
    joined = {
        field: "; ".join(dict.fromkeys(text for folder in folders if (text := getattr(folder, field))))
        for field in ("licence", "url", "author")
    }
    return {**joined, "non_commercial": any(folder.non_commercial for folder in folders)}
