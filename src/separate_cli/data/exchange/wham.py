"""WHAM!'s JSON lists: one a part and signal, as the recipes of WHAM!, WHAMR! and wsj0-mix write them.

    <tr|cv|tt>/<mix_clean|mix_both|s1|s2|noise|...>.json = [[path, samples], ...]

Checked: tests/data/exchange/test_wham.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from separate_cli.audio.probe import probe
from separate_cli.data.corpus import Corpus
from separate_cli.data.datasets.json_lists import mixtures_of_lists
from separate_cli.data.exchange.files import file_of, part_of
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.errors import InputError
from separate_cli.files import write_json

__all__ = ["read_wham", "write_wham"]

_FOLDERS = {"train": "tr", "valid": "cv", "test": "tt"}
_USUAL = {"mix": "mix_clean", "mix_clean_anechoic": "mix_clean", "mix_both_anechoic": "mix_both",
          "s1_anechoic": "s1", "s2_anechoic": "s2"}  # fmt: skip
"""Lists of wsj0-mix and WHAMR! and the names that their signals go by here too."""


def read_wham(folder: Path) -> list[Mixture]:
    """Mixtures of all lists below ``folder``, one folder a part.

    Raises:
        InputError: If there are none, or lists of one part do not belong together.
    """
    mixtures: list[Mixture] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ():
        part, lists = part_of(place.name), sorted(path.stem for path in place.glob("*.json"))
        if part is None or not lists:
            continue
        leading = next((name for name in lists if name.startswith("mix")), lists[0])
        found = mixtures_of_lists(place, {leading: leading, **{name: name for name in lists}}, sample_rate=0)
        sample_rate = _rate(found[0], leading) if found else 0
        mixtures += [_named(mixture, part, sample_rate) for mixture in found]
    if not mixtures:
        raise InputError(f"There are no JSON lists in {folder}.", hint="Give the folder that holds tr, cv and tt.")
    return mixtures


def write_wham(mixtures: Iterable[Mixture], corpus: Corpus, folder: Path) -> list[Path]:
    """Write a list for each part and signal, with absolute paths.

    Returns:
        The files.

    Raises:
        InputError: If a signal is not a file by itself.
        OutputError: If they cannot be written.
    """
    lists: dict[Path, list[list[object]]] = {}
    for mixture in mixtures:
        for name in mixture.signals:
            path = folder / _FOLDERS.get(mixture.part, mixture.part) / f"{name}.json"
            row: list[object] = [file_of(corpus, mixture, name).as_posix(), mixture.frames]
            lists.setdefault(path, []).append(row)
    for path, rows in lists.items():
        write_json(path, rows)
    return list(lists)


def _rate(mixture: Mixture, name: str) -> int:
    piece = mixture.signals[name]
    return probe(Path(piece.path if isinstance(piece, Piece) else "")).sample_rate


def _named(mixture: Mixture, part: str, sample_rate: int) -> Mixture:
    usual: dict[str, Signal] = {
        _USUAL[name]: signal
        for name, signal in mixture.signals.items()
        if name in _USUAL and _USUAL[name] not in mixture.signals
    }
    return replace(mixture, part=part, sample_rate=sample_rate, signals={**mixture.signals, **usual})
