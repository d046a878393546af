"""From any form of list to any other.

folder or file --read_any--> mixtures, corpus --write_as--> files of the form

Checked: tests/data/exchange/test_convert.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from separate_cli.data.corpora.facts import mixture_counts
from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.lhotse import read_lhotse, write_lhotse
from separate_cli.data.exchange.librimix import read_librimix, write_librimix
from separate_cli.data.exchange.wham import read_wham, write_wham
from separate_cli.data.mixtures import Mixture, read_mixtures, write_mixtures
from separate_cli.data.shard_writer import write_shards
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.progress import SILENT, Progress

__all__ = ["FORMS", "Form", "read_any", "write_as"]

Form = Literal["sep", "librimix", "wham", "lhotse", "shards"]
FORMS: tuple[Form, ...] = get_args(Form)


def read_any(source: Path) -> list[Mixture]:
    """Mixtures of a list, whose form is told from what is there.

    Args:
        source: Folder of ``mixture_*.csv``, folder of ``tr``, ``cv``, ``tt``, folder or file ``mixtures.jsonl``, or
            file of cuts.

    Raises:
        InputError: If it is none of these, or damaged.
    """
    if source.is_dir():
        if (source / "mixtures.jsonl").exists():
            return read_mixtures(source / "mixtures.jsonl")
        if any(source.glob("mixture_*.csv")):
            return read_librimix(source)
        return read_wham(source)
    if source.suffix == ".jsonl" and _has_signals(source):
        return read_mixtures(source)
    return read_lhotse(source)


def write_as(
    form: Form, mixtures: Sequence[Mixture], corpus: Corpus, target: Path, *, progress: Progress = SILENT
) -> list[Path]:
    """Write mixtures in another form.

    Args:
        form: Which.
        mixtures: What to write.
        corpus: Where their files are.
        target: Folder to write to; for ``"lhotse"`` a file.
        progress: Where to report the writing of audio.

    Returns:
        The files.

    Raises:
        InputError: If the form cannot say what a mixture is.
        OutputError: If it cannot be written.
    """
    if form == "librimix":
        return write_librimix(mixtures, corpus, target)
    if form == "wham":
        return write_wham(mixtures, corpus, target)
    if form == "lhotse":
        return write_lhotse(mixtures, corpus, target)
    if form == "shards":
        return write_shards(mixtures, corpus, target, progress=progress)
    write_mixtures(target / "mixtures.jsonl", mixtures)
    nobody = {"licence": "", "url": "", "author": "", "non_commercial": False, "skipped": []}
    write_json(target / "corpus.json", {"mixtures": {target.name: {**nobody, **mixture_counts(mixtures)}}})
    return [target / "mixtures.jsonl", target / "corpus.json"]


def _has_signals(path: Path) -> bool:
    """Whether a file of JSON lines is one of mixtures."""
    try:
        with path.open(encoding="utf-8") as stream:
            first = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Give a list of mixtures.") from error
    return isinstance(first, dict) and "signals" in first
