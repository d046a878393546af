"""What all forms of lists share: which part a name means, where relative paths begin, which file a signal is."""

from __future__ import annotations

from pathlib import Path

from separate_cli.data.corpus import Corpus
from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.errors import InputError

__all__ = ["file_of", "part_of", "root_of"]

_PARTS = {
    **{"tr": "train", "train": "train"},
    **{"cv": "valid", "dev": "valid", "val": "valid", "valid": "valid", "validation": "valid"},
    **{"tt": "test", "test": "test", "eval": "test"},
}


def part_of(name: str) -> str | None:
    """The part that the first word of a name means; None if it means none.

    >>> part_of("train-clean-100"), part_of("dev"), part_of("tt"), part_of("wav8k")
    ('train', 'valid', 'test', None)
    """
    return _PARTS.get(name.replace("_", "-").partition("-")[0].lower())


def root_of(path: str, manifest: Path) -> Path:
    """Where relative paths of a list begin: at the first folder above it where ``path`` is, else at the current one."""
    if Path(path).is_absolute():
        return Path()
    return next((folder for folder in manifest.absolute().parents if (folder / path).exists()), Path())


def file_of(corpus: Corpus, mixture: Mixture, name: str) -> Path:
    """The file that a signal of a mixture is.

    Raises:
        InputError: If it is not one whole file.
    """
    piece = mixture.signals.get(name)
    if not isinstance(piece, Piece) or piece != Piece(piece.path, piece.corpus):
        raise InputError(
            f"The signal {name} of mixture {mixture.id} is not a file by itself.",
            hint="Prepare the corpus with prepare.mixtures=on_disk; other tools cannot add up pieces.",
        )
    return corpus.path_of(piece).absolute()
