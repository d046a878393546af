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
from typing import get_args

import numpy as np

from separate_cli.data.corpora.own_mixture import Draw, plan
from separate_cli.data.corpora.own_scan import Scans, of_part, scan_folders, write_lists
from separate_cli.data.manifest import Recording
from separate_cli.data.mixing import make_mixtures, roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.folder import FolderCorpus
from separate_cli.specs.prepare import Part

__all__ = ["make"]

_SPARES = 3
"""How many more candidates there are for each place than are needed."""


def make(spec: FolderCorpus, context: StageContext) -> None:
    """Make mixtures of the recordings that are there.

    Raises:
        InputError: If a folder is missing, or too few speakers can be used.
        OutputError: If the mixtures do not fit on the disk.
    """
    scans = scan_folders(spec, context, least_speakers=spec.n_src)
    items = {f"{draw.part}/{draw.number:06}": draw for part in get_args(Part) for draw in _draws(spec, part, scans)}
    mixed = make_mixtures(items, partial(plan, spec, roots_of(context.inputs)), spec, context)
    if mixed is not None:
        write_lists(spec, context, scans, mixed)


def _draws(spec: FolderCorpus, part: Part, scans: Scans) -> Iterator[Draw]:
    """The candidates of all mixtures of a part."""
    speech = of_part(scans, "speech", part)
    wanted = spec.wanted(part)
    voices = {item.speaker: [other for other in speech if other.speaker == item.speaker] for item in speech}
    if len(voices) < spec.n_src:
        if wanted or (part == "train" and wanted is None):
            raise InputError(
                f"Part {part} has {len(voices)} of the {spec.n_src} different speakers that a mixture needs.",
                hint="Add speakers, change the split, or say how paths name speakers (speaker: in the recipe).",
            )
        return
    noise, rooms = of_part(scans, "noise", part), of_part(scans, "rooms", part)
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
