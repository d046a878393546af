"""MiniLibriMix, found or downloaded once: a small LibriMix, 8 kHz, for a first try.

    ./MiniLibriMix (Asteroid's place), data/MiniLibriMix (of ``sep``) --else--> the cache, from Zenodo

    MiniLibriMix/{train,val}/{mix_clean,mix_both,s1,s2,noise}/ID.wav
    MiniLibriMix/metadata/mixture_{train,val}_mix_{clean,both}.csv

Checked: tests/data/datasets/test_librimix.py.
"""

from __future__ import annotations

from pathlib import Path

from separate_cli.data.fetch import fetch
from separate_cli.errors import InputError, SepError
from separate_cli.progress import SILENT, Progress
from separate_cli.settings import cache_folder, workspace

__all__ = ["get_mini_librimix"]


def get_mini_librimix(
    folder: Path | None = None, *, mirror: Path | str | None = None, progress: Progress = SILENT
) -> Path:
    """The folder of MiniLibriMix' CSV files.

    Args:
        folder: MiniLibriMix, or the folder that holds it; None: where it is in the current folder or in ``data``, else
            the cache, where it is downloaded to once, verified.
        mirror: Address or folder that has ``MiniLibriMix.zip``, instead of Zenodo.
        progress: Where to report the download.

    Raises:
        InputError: If ``folder`` is not MiniLibriMix.
        RemoteError: If it cannot be downloaded, or is not what was published.
        OutputError: If there is no room for it.
    """
    if folder is None:
        here = (Path("MiniLibriMix").absolute(), workspace() / "data" / "MiniLibriMix")
        return next((found for found in map(_lists_in, here) if found), None) or _fetched(mirror, progress)
    for place in (folder, folder / "MiniLibriMix"):
        if (place / "metadata").is_dir():
            return place / "metadata"
    raise InputError(
        f"There is no MiniLibriMix in {folder}.", hint="Get it: sep data download minilibrimix --to FOLDER"
    )


def _lists_in(root: Path) -> Path | None:
    """The folder of the lists, if ``root`` has lists and files of both parts; not so if it was unpacked by half."""
    lists = root / "metadata"
    is_whole = all((root / part).is_dir() and any(lists.glob(f"mixture_{part}_*.csv")) for part in ("train", "val"))
    return lists if is_whole else None


def _fetched(mirror: Path | str | None, progress: Progress) -> Path:
    try:
        root = fetch("minilibrimix", to=cache_folder() / "corpora", mirror=mirror, progress=progress)
    except SepError as error:
        error.hint = " ".join([error.hint, "Where you have MiniLibriMix already, give its place: folder=PATH."]).strip()
        raise
    return root / "metadata"
