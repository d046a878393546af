"""Where MiniLibriMix is: a small LibriMix, 8 kHz, for a first try.

    MiniLibriMix/{train,val}/{mix_clean,mix_both,s1,s2,noise}/ID.wav
    MiniLibriMix/metadata/mixture_{train,val}_mix_{clean,both}.csv

Source: zenodo.org/records/3871592.
"""

from __future__ import annotations

from pathlib import Path

from separate_cli.errors import InputError
from separate_cli.settings import cache_folder

__all__ = ["get_mini_librimix"]


def get_mini_librimix(folder: Path | None = None) -> Path:
    """The folder of MiniLibriMix' CSV files.

    Args:
        folder: MiniLibriMix, or the folder that holds it; None: the copy in the cache.

    Raises:
        InputError: If it is not there.
    """
    root = folder or cache_folder() / "corpora"
    for place in (root / "metadata", root / "MiniLibriMix" / "metadata"):
        if place.is_dir():
            return place
    raise InputError(
        f"There is no MiniLibriMix in {root}.", hint="Unpack MiniLibriMix.zip of zenodo.org/records/3871592 there."
    )
