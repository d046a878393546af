"""Mixtures in tar files, one after the other: what object stores and clusters read fast.

    mixtures --write_shards, in processes--> train-000000.tar, train-000001.tar, ..., train.json

    00000042.json, 00000042.mix_clean.flac, 00000042.s1.flac, 00000042.s2.flac  members of a mixture, as in WebDataset

The same corpus gives the same bytes. ``train.json`` lists the shards, with what is in them and their hashes.

Checked: tests/data/test_shards.py.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import soundfile

from separate_cli.data.corpus import Corpus
from separate_cli.data.journal import Journal
from separate_cli.data.mixtures import Mixture, Piece, row_of_mixture
from separate_cli.data.pieces import round_as_file
from separate_cli.errors import SepError
from separate_cli.files import atomic_path, hash_file, write_json
from separate_cli.pipeline.executors import spread
from separate_cli.progress import SILENT, Progress, ProgressTask

__all__ = ["write_shards"]

_SUBTYPES = {16: "PCM_16", 24: "PCM_24"}


class _Share(NamedTuple):
    """What goes into one shard: its name, the number of its first mixture, and the mixtures."""

    name: str
    first: int
    mixtures: tuple[Mixture, ...]


class _Form(NamedTuple):
    signals: tuple[str, ...]
    audio: Literal["flac", "wav"]
    bits: Literal[16, 24]


def write_shards(
    mixtures: Iterable[Mixture],
    corpus: Corpus,
    folder: Path,
    *,
    signals: Sequence[str] = (),
    mixtures_each: int = 512,
    audio: Literal["flac", "wav"] = "flac",
    bits: Literal[16, 24] = 16,
    executor: str = "local:1",
    progress: Progress = SILENT,
) -> list[Path]:
    """Write mixtures as shards, part by part; what a stopped attempt has finished is kept.

    Args:
        mixtures: What to write; those that are made on the fly become files here.
        corpus: Where their files are.
        folder: Where to.
        signals: Which signals; all that each mixture has if empty.
        mixtures_each: How many go into a shard.
        audio: How they are stored.
        bits: Width of their samples.
        executor: Who does it, see ``pipeline.executors``.
        progress: One step a shard.

    Returns:
        The lists of the shards, ``folder/<part>.json``.

    Raises:
        InputError: If a mixture cannot be read.
        OutputError: If a shard cannot be written.
    """
    parts: dict[str, list[Mixture]] = {}
    for mixture in mixtures:
        parts.setdefault(mixture.part, []).append(mixture)
    work = partial(_write, replace(corpus, cache=None), folder, _Form(tuple(signals), audio, bits))
    written = []
    for part, members in parts.items():
        shares = [
            _Share(f"{part}-{first // mixtures_each:06}.tar", first, tuple(members[first : first + mixtures_each]))
            for first in range(0, len(members), mixtures_each)
        ]
        with progress.task(f"Writing shards of {part}", total=len(shares), unit="shards") as task:
            rows = _write_all(shares, work, folder / f".{part}.journal.jsonl", executor=executor, task=task)
        written.append(folder / f"{part}.json")
        write_json(written[-1], {"format": 1, "mixtures": len(members), "shards": rows})
    return written


def _write_all(
    shares: Sequence[_Share],
    work: Callable[[_Share], dict[str, Any]],
    journal: Path,
    *,
    executor: str,
    task: ProgressTask,
) -> list[dict[str, Any]]:
    """Write the shards of one part; their rows in the list."""
    with Journal(journal) as notes:
        done = {
            s.name for s in shares if s.name in notes.done and _is_there(journal.parent / s.name, notes.done[s.name])
        }
        task.advance(len(done))
        for share, facts in spread(work, [share for share in shares if share.name not in done], executor=executor):
            if isinstance(facts, SepError):
                raise facts
            notes.add(share.name, facts)
            task.advance()
        notes.remove()
        return [{"name": share.name, **notes.done[share.name]} for share in shares]


def _is_there(path: Path, facts: Any) -> bool:
    return path.exists() and path.stat().st_size == facts["bytes"] and hash_file(path) == facts["sha256"]


def _write(corpus: Corpus, folder: Path, form: _Form, share: _Share) -> dict[str, Any]:
    """Write one shard; what its row says of it. Runs in a worker."""
    with (
        atomic_path(folder / share.name) as temporary,
        tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for number, mixture in enumerate(share.mixtures, start=share.first):
            names = form.signals or tuple(mixture.signals)
            inside = {name: Piece(f"{number:08}.{name}.{form.audio}") for name in names}
            row = row_of_mixture(replace(mixture, signals=inside, bits=None))
            _add(tar, f"{number:08}.json", json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
            for name, wave in corpus.signals(mixture, names).items():
                content = io.BytesIO()
                rounded = round_as_file(wave, form.bits)
                soundfile.write(
                    content, rounded.T, mixture.sample_rate, format=form.audio.upper(), subtype=_SUBTYPES[form.bits]
                )
                _add(tar, f"{number:08}.{name}.{form.audio}", content.getvalue())
    path = folder / share.name
    return {"mixtures": len(share.mixtures), "bytes": path.stat().st_size, "sha256": hash_file(path)}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # owner, time and mode are the same for everybody
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
