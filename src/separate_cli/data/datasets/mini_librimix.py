"""MiniLibriMix, downloaded once: a small LibriMix, 8 kHz, for a first try.

    MiniLibriMix/{train,val}/{mix_clean,mix_both,s1,s2,noise}/ID.wav
    MiniLibriMix/metadata/mixture_{train,val}_mix_{clean,both}.csv

Checked: tests/data/datasets/test_librimix.py.
"""

from __future__ import annotations

from pathlib import Path

from separate_cli.data.fetch import fetch
from separate_cli.errors import InputError
from separate_cli.progress import SILENT, Progress
from separate_cli.settings import cache_folder

__all__ = ["get_mini_librimix"]


def get_mini_librimix(
    folder: Path | None = None, *, mirror: Path | str | None = None, progress: Progress = SILENT
) -> Path:
    """The folder of MiniLibriMix' CSV files.

    Args:
        folder: MiniLibriMix, or the folder that holds it; None: the cache, where it is downloaded to once, verified.
        mirror: Address or folder that has ``MiniLibriMix.zip``, instead of Zenodo.
        progress: Where to report the download.

    Raises:
        InputError: If ``folder`` is not MiniLibriMix.
        RemoteError: If it cannot be downloaded, or is not what was published.
        OutputError: If there is no room for it.
    """
    root = folder or fetch("minilibrimix", to=cache_folder() / "corpora", mirror=mirror, progress=progress)
    for place in (root / "metadata", root / "MiniLibriMix" / "metadata"):
        if place.is_dir():
            return place
    raise InputError(f"There is no MiniLibriMix in {root}.", hint="Get it: sep data download minilibrimix --to FOLDER")
