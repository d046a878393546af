"""LibriMix' CSV files: one a part and kind of mixture.

    metadata/mixture_<subset>_<mix_clean|mix_both|mix_single>.csv
        mixture_ID, mixture_path, source_1_path, source_2_path, ..., noise_path, length

Checked: tests/data/exchange/test_librimix.py (round trip, the real lists' form, Asteroid's reading).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from separate_cli.audio.probe import probe
from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.files import file_of, part_of, root_of
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.data.tables import read_table, write_table
from separate_cli.errors import InputError

__all__ = ["read_librimix", "write_librimix"]

_NAME = re.compile(r"mixture_(?P<subset>.+)_(?P<kind>mix_(?:clean|both|single))\.csv")
_SOURCE = re.compile(r"source_(\d+)_path")
_SUBSETS = {"valid": "dev"}


def read_librimix(folder: Path) -> list[Mixture]:
    """Mixtures of all CSV files in a folder; those of the same subset and name are one mixture.

    Raises:
        InputError: If there is no such file, one is damaged, or names files that are not there.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(folder.glob("mixture_*.csv")):
        match = _NAME.fullmatch(path.name)
        part = match and part_of(match["subset"])
        if match is None or part is None:
            continue
        for row in read_table(path, ["mixture_ID", "mixture_path", "length"]):
            facts = {"part": part, "frames": int(float(row["length"])), "facts": {"subset": match["subset"]}}
            known = found.setdefault((match["subset"], row["mixture_ID"]), {**facts, "signals": {}, "list": path})
            known["signals"].update(_signals(row, match["kind"]))
    if not found:
        raise InputError(f"There is no mixture_*.csv in {folder}.", hint="Give LibriMix' folder metadata.")
    first = next(iter(found.values()))
    path = next(iter(first["signals"].values()))
    root = root_of(path, first["list"])
    sample_rate = probe(root / path).sample_rate
    return [_mixture(name, row, root, sample_rate) for (_, name), row in found.items()]


def write_librimix(mixtures: Iterable[Mixture], corpus: Corpus, folder: Path) -> list[Path]:
    """Write the CSV files of mixtures, with absolute paths as LibriMix' own scripts do.

    Returns:
        The files.

    Raises:
        InputError: If a signal is not a file by itself.
        OutputError: If they cannot be written.
    """
    tables: dict[tuple[str, str], list[Mixture]] = {}
    for mixture in mixtures:
        subset = mixture.facts.get("subset") or _SUBSETS.get(mixture.part, mixture.part)
        for kind in ("mix_clean", "mix_both", "mix_single"):
            if kind in mixture.signals:
                tables.setdefault((subset, kind), []).append(mixture)
    if not tables:
        raise InputError("No mixture has mix_clean, mix_both or mix_single.", hint="LibriMix' lists have only these.")
    written = []
    for (subset, kind), rows in tables.items():
        sources = [name for name in rows[0].signals if re.fullmatch(r"s\d+", name)]
        names = [kind, *sorted(sources, key=lambda name: int(name[1:]))]
        names += ["noise"] if "noise" in rows[0].signals else []
        columns = ["mixture_ID", *(_column(name, kind) for name in names), "length"]
        path = folder / f"mixture_{subset}_{kind}.csv"
        write_table(path, columns, [_row(mixture, corpus, names) for mixture in rows])
        written.append(path)
    return written


def _signals(row: dict[str, str], kind: str) -> dict[str, str]:
    sources = {f"s{match[1]}": row[name] for name in row if (match := _SOURCE.fullmatch(name)) and row[name]}
    noise = {"noise": row["noise_path"]} if row.get("noise_path") else {}
    return {kind: row["mixture_path"], **sources, **noise}


def _mixture(name: str, row: dict[str, Any], root: Path, sample_rate: int) -> Mixture:
    signals: dict[str, Signal] = {
        signal: Piece((root / path).absolute().as_posix()) for signal, path in row["signals"].items()
    }
    speakers = tuple(source.split("-")[0] for source in name.split("_"))
    is_named = len(speakers) == sum(re.fullmatch(r"s\d+", signal) is not None for signal in signals)
    return Mixture(
        name,
        row["part"],
        sample_rate,
        row["frames"],
        signals,
        speakers=speakers if is_named else (),
        facts=row["facts"],
    )


def _column(name: str, kind: str) -> str:
    return "mixture_path" if name == kind else "noise_path" if name == "noise" else f"source_{name[1:]}_path"


def _row(mixture: Mixture, corpus: Corpus, names: Sequence[str]) -> list[object]:
    return [mixture.id, *(file_of(corpus, mixture, name).as_posix() for name in names), mixture.frames]
