"""Mixtures in tar files, one after the other: what object stores and clusters read fast.

    part of a corpus --write_shards, in processes--> train-000000.tar, train-000001.tar, ..., train.json

    00000042.json, 00000042.mix_clean.flac, 00000042.s1.flac, 00000042.s2.flac  members of a mixture, as in WebDataset

The same corpus gives the same bytes. ``train.json`` lists the shards, with what is in them and their hashes.

Checked: tests/data/test_shards.py.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import soundfile

from separate_cli.data.corpus import Corpus
from separate_cli.data.journal import Journal
from separate_cli.data.mixtures import Mixture, Piece, row_of_mixture
from separate_cli.data.pieces import round_as_file
from separate_cli.errors import InputError, SepError
from separate_cli.files import atomic_path, hash_file, write_json
from separate_cli.pipeline.executors import spread
from separate_cli.progress import SILENT, Progress

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
    corpus: Corpus,
    part: str,
    folder: Path,
    *,
    signals: Sequence[str] = (),
    least_seconds: float = 0.0,
    mixtures_each: int = 512,
    audio: Literal["flac", "wav"] = "flac",
    bits: Literal[16, 24] = 16,
    executor: str = "local:1",
    progress: Progress = SILENT,
) -> Path:
    """Write one part of a corpus as shards; what a stopped attempt has finished is kept.

    Args:
        corpus: Prepared; mixtures that are made on the fly become files here.
        part: Which part of it.
        folder: Where to.
        signals: Which signals; all that each mixture has if empty.
        least_seconds: Shorter mixtures are left out.
        mixtures_each: How many go into a shard.
        audio: How they are stored.
        bits: Width of their samples.
        executor: Who does it, see ``pipeline.executors``.
        progress: One step a shard.

    Returns:
        The list of the shards, ``folder/<part>.json``.

    Raises:
        InputError: If the part has no mixtures, or one cannot be read.
        OutputError: If a shard cannot be written.
    """
    mixtures = [mixture for mixture in corpus.mixtures(part) if mixture.seconds >= least_seconds]
    if not mixtures:
        raise InputError(f"The corpus has no such mixtures for {part}.", hint="Choose another part, or prepare it.")
    shares = [
        _Share(f"{part}-{first // mixtures_each:06}.tar", first, tuple(mixtures[first : first + mixtures_each]))
        for first in range(0, len(mixtures), mixtures_each)
    ]
    work = partial(_write, replace(corpus, cache=None), folder, _Form(tuple(signals), audio, bits))
    with Journal(folder / f".{part}.journal.jsonl") as journal:
        for share in shares:
            if share.name in journal.done and not _is_there(folder / share.name, journal.done[share.name]):
                del journal.done[share.name]
        todo = [share for share in shares if share.name not in journal.done]
        with progress.task(f"Writing shards of {part}", total=len(shares), unit="shards") as task:
            task.advance(len(shares) - len(todo))
            for share, facts in spread(work, todo, executor=executor):
                if isinstance(facts, SepError):
                    raise facts
                journal.add(share.name, facts)
                task.advance()
        rows = [{"name": share.name, **journal.done[share.name]} for share in shares]
        write_json(folder / f"{part}.json", {"format": 1, "mixtures": len(mixtures), "shards": rows})
        journal.remove()
    return folder / f"{part}.json"


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
