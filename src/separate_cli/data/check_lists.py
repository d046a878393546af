"""What to check, and what to expect of it: a folder of audio, a prepared corpus, a list of recordings or of mixtures.

    folder | corpus | list --expected_of_*--> Expected(path, rate, length, ...), each file once

Checked: tests/data/test_check.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from separate_cli.data.check import Expected
from separate_cli.data.corpus import Corpus, Role
from separate_cli.data.manifest import Recording, read_manifest, read_recordings
from separate_cli.data.mixtures import Mixture, Piece, read_mixtures
from separate_cli.data.scan import find_audio
from separate_cli.errors import InputError

__all__ = ["LISTS", "expected_of_corpus", "expected_of_folder", "expected_of_list"]

_ROLES: tuple[Role, ...] = ("speech", "rooms", "noise")
LISTS = ("mixtures.jsonl", *(f"{role}.jsonl" for role in _ROLES))
"""A folder that has one of these is a prepared corpus."""


def expected_of_folder(folder: Path) -> list[Expected]:
    """All audio files below a folder; they should differ from each other.

    Raises:
        InputError: If there is none.
    """
    return [Expected(folder / path, path, role="files") for path in find_audio(folder)]


def expected_of_corpus(corpus: Corpus) -> list[Expected]:
    """All files that the lists of a prepared corpus name.

    Raises:
        InputError: If a list is damaged, or it is not known where one of its corpora is.
    """
    files: list[Expected] = []
    for name in LISTS:
        path = corpus.folder / name
        if path.exists():
            files += expected_of_list(path, corpus.roots)
    return _merged(files)


def expected_of_list(path: Path, roots: Mapping[str, Path]) -> list[Expected]:
    """All files that a list of recordings or mixtures names.

    Args:
        path: The list.
        roots: Corpus name → folder; what is not in it is looked for beside the list.

    Raises:
        InputError: If the list is damaged, or it is not known where one of its corpora is.
    """
    rows = read_manifest(path)
    if rows and "signals" in rows[0]:
        return _merged(file for mixture in read_mixtures(path) for file in _of_mixture(mixture, path, roots))
    return _merged(_of_recording(item, path, roots) for item in read_recordings(path))


def _of_recording(item: Recording, manifest: Path, roots: Mapping[str, Path]) -> Expected:
    return Expected(
        _root(item.corpus, manifest, roots) / item.path,
        f"{item.corpus}/{item.path}",
        sample_rate=item.sample_rate,
        frames=item.frames,
        channels=item.channels,
        role=manifest.stem,
        part=item.part,
    )


def _of_mixture(mixture: Mixture, manifest: Path, roots: Mapping[str, Path]) -> Iterator[Expected]:
    for name, piece in mixture.signals.items():
        if not isinstance(piece, Piece):
            continue
        path = _root(piece.corpus, manifest, roots) / piece.path
        shown = f"{piece.corpus}/{piece.path}" if piece.corpus else piece.path
        if not piece.corpus and piece == Piece(piece.path, channel=piece.channel):  # made for this mixture alone
            file = Expected(path, shown, sample_rate=mixture.sample_rate, frames=mixture.frames)
            yield replace(file, role="mixtures" if name.startswith("mix") else "", part=mixture.part)
        else:
            exact = piece.speed == 1 and not piece.crossfade
            least = piece.start + (piece.frames or 1) if exact else 0
            yield Expected(path, shown, least_frames=least, least_channels=(piece.channel or 0) + 1, part=mixture.part)


def _root(corpus: str, manifest: Path, roots: Mapping[str, Path]) -> Path:
    if not corpus:
        return manifest.parent
    root = roots.get(corpus, manifest.parent / corpus)
    if not root.is_dir():
        raise InputError(
            f"{manifest} names files of {corpus}, and it is not known where that is.",
            hint=f"Say where it is: --corpus {corpus}=FOLDER, or give the recipe instead.",
        )
    return root


def _merged(files: Iterable[Expected]) -> list[Expected]:
    """Each file once, with all that is expected of it."""
    found: dict[Path, Expected] = {}
    for file in files:
        known = found.setdefault(file.path, file)
        if known is not file:
            found[file.path] = replace(
                known,
                least_frames=max(known.least_frames, file.least_frames),
                least_channels=max(known.least_channels, file.least_channels),
            )
    return list(found.values())
