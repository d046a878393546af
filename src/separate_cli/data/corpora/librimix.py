"""LibriMix from its official lists: the same samples as the official script writes, up to the last of 16 bits.

    libri2mix_dev-clean.csv --read_lists--> rows --plan--> pieces of LibriSpeech and of WHAM!'s noise
        --> Libri2Mix/wav8k/min/dev/{s1,s2,noise,mix_clean,mix_both,mix_single}/ID.wav, metadata/*.csv

Per row: noise is cut to the longest speaker, or repeated with a cross-fade of half a second; every signal gets the gain
of its list and is then converted to the sample rate; ``min`` cuts all to the shortest, ``max`` pads with silence.

Source: github.com/JorisCos/LibriMix, ``create_librimix_from_metadata.py``.
Differs: noise at 0.8 and 1.2 times the speed (train) comes from a polyphase filter in place of SoX, where it is not
there yet; CSVs name files relative to the prepared folder, so that it may move.
Checked: tests/data/corpora/test_librimix.py (against a plain restatement of the published arithmetic, kills, workers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from separate_cli.audio.probe import probe
from separate_cli.data.corpora.facts import mixture_facts, source_facts
from separate_cli.data.mixing import Mixed, Order, Waves, check_files, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal, write_mixtures
from separate_cli.data.tables import read_table, write_table
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librimix import LibriMix

__all__ = ["Row", "make", "read_lists"]

_RATE = 16000
_CROSSFADE = 8001
_SPEEDS = {"sp08": 0.8, "sp12": 1.2}
_SNR_FLOOR = 1e-10
_HINTS = {
    "librispeech": "Download it: sep data download librispeech.",
    "wham_noise": "Download it: sep data download wham-noise. Or do without: --set prepare.noise=null "
    "--set prepare.types=[mix_clean].",
}


@dataclass(frozen=True)
class Row:
    """One mixture of an official list.

    Args:
        id: ``mixture_ID``.
        part: ``"train"``, ``"valid"`` or ``"test"``.
        place: Folder of its files, below the prepared folder.
        sources: Path in LibriSpeech and gain of each speaker.
        noise: Path in WHAM!'s noise and gain; None without noise.
    """

    id: str
    part: str
    place: str
    sources: tuple[tuple[str, float], ...]
    noise: tuple[str, float] | None = None


def make(spec: LibriMix, context: StageContext) -> None:
    """Make LibriMix, or the list from which it is added up.

    Raises:
        InputError: If a list or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    rows = read_lists(spec, context.inputs["lists"])
    roots = roots_of(context.inputs)
    sources = {"librispeech": {path for row in rows for path, _ in row.sources}}
    if spec.noise is not None:
        sources["wham_noise"] = {_noise_file(row.noise[0], roots["wham_noise"])[0] for row in rows if row.noise}
    check_files(sources, roots, hints=_HINTS)
    mixed = make_mixtures(
        {_key(row): row for row in rows},
        partial(_plan, spec, dict(roots)),
        spec,
        context,
        measure=partial(_ratios, spec.n_src),
    )
    if mixed is not None:
        _finish(spec, context.folder, rows, mixed, sources)


def read_lists(spec: LibriMix, folder: Path) -> list[Row]:
    """The rows of all wanted lists, in their order.

    Raises:
        InputError: If a list is missing, lacks a column or a number, or names a mixture twice.
    """
    rows: dict[str, Row] = {}
    for subset, part in spec.subsets.items():
        for row in _read_list(spec, folder, subset, part):
            if _key(row) in rows:
                raise InputError(f"{row.id} is twice in the lists for {part}.", hint="Check subsets and lists.")
            rows[_key(row)] = row
    return list(rows.values())


def _read_list(spec: LibriMix, folder: Path, subset: str, part: str) -> Iterator[Row]:
    path = folder / f"libri{spec.n_src}mix_{subset}.csv"
    numbers = range(1, spec.n_src + 1)
    columns = ["mixture_ID", *(f"source_{i}_{what}" for i in numbers for what in ("path", "gain"))]
    has_noise = spec.noise is not None
    rows = read_table(path, [*columns, *(["noise_path", "noise_gain"] if has_noise else [])])
    rate = f"{spec.sample_rate / 1000:g}k"
    place = f"Libri{spec.n_src}Mix/wav{rate}/{spec.mode}/{_folder_name(subset)}"
    for number, row in enumerate(rows, start=2):
        try:
            sources = tuple((row[f"source_{i}_path"], float(row[f"source_{i}_gain"])) for i in numbers)
            noise = (row["noise_path"], float(row["noise_gain"])) if has_noise else None
        except ValueError as error:
            raise InputError(f"{path}:{number}: {error}.", hint="Take the list from its source again.") from error
        yield Row(row["mixture_ID"], part, place, sources, noise)


def _folder_name(subset: str) -> str:
    return subset.replace("-clean", "")


def _noise_file(path: str, root: Path) -> tuple[str, float]:
    """The file of a noise, and how much faster it is to be played."""
    stem, suffix = path.rsplit(".", 1) if "." in path else (path, "wav")
    speed = _SPEEDS.get(stem[-4:], 1.0)
    if speed == 1.0 or (root / path).is_file():
        return path, 1.0
    return f"{stem[:-4]}.{suffix}", speed


def _plan(spec: LibriMix, roots: Mapping[str, Path], row: Row) -> Order:
    """Of what pieces a mixture is made; looks at the lengths of its files."""
    lengths = [_frames(roots["librispeech"] / path) for path, _ in row.sources]
    names = _members(len(lengths))["mix_clean"]
    signals: dict[str, Signal] = {
        name: Piece(path, "librispeech", gain=gain, channel=0)
        for name, (path, gain) in zip(names, row.sources, strict=True)
    }
    if row.noise is not None and set(spec.types) != {"mix_clean"}:
        path, speed = _noise_file(row.noise[0], roots["wham_noise"])
        signals["noise"] = Piece(
            path, "wham_noise", frames=max(lengths), gain=row.noise[1], channel=0, speed=speed, crossfade=_CROSSFADE
        )
    signals.update({kind: _members(len(lengths))[kind] for kind in spec.types})
    frames = (min if spec.mode == "min" else max)(-(-length * spec.sample_rate // _RATE) for length in lengths)
    speakers = tuple(PurePosixPath(path).stem.split("-")[0] for path, _ in row.sources)
    return Order(Mixture(row.id, row.part, spec.sample_rate, frames, signals, bits=16, speakers=speakers), row.place)


def _frames(path: Path) -> int:
    info = probe(path)
    if info.sample_rate != _RATE:
        raise InputError(f"{path} has {info.sample_rate} Hz, LibriMix is made of {_RATE} Hz.", hint="Convert it first.")
    return info.frames


def _ratios(n_src: int, waves: Waves) -> dict[str, list[float]]:
    """Each signal of a mixture against all others, in dB, as the official metrics have it."""
    ratios = {}
    for kind, members in _members(n_src).items():
        if kind in waves:
            mixture = waves[kind].astype(np.float64)
            ratios[kind] = [_ratio(waves[name].astype(np.float64), mixture) for name in members]
    return ratios


def _members(n_src: int) -> dict[str, tuple[str, ...]]:
    names = tuple(f"s{i}" for i in range(1, n_src + 1))
    return {"mix_clean": names, "mix_both": (*names, "noise"), "mix_single": ("s1", "noise")}


def _ratio(signal: Any, mixture: Any) -> float:
    power, rest = np.mean(signal**2), np.mean((mixture - signal) ** 2)
    return float(10 * np.log10(power / (rest + _SNR_FLOOR) + _SNR_FLOOR))


def _finish(spec: LibriMix, folder: Path, rows: list[Row], mixed: Mixed, sources: Mapping[str, Any]) -> None:
    """Write the lists: ours, and the official ones."""
    write_mixtures(folder / "mixtures.jsonl", mixed.mixtures)
    if spec.mixtures == "on_disk":
        for place in dict.fromkeys(row.place for row in rows):
            chosen = [(row, mixture) for row, mixture in zip(rows, mixed.mixtures, strict=True) if row.place == place]
            for kind in spec.types:
                _write_official(folder, place, kind, chosen, mixed.notes)
    used: dict[str, dict[str, list[str]]] = {name: {} for name in sources}
    for row in rows:
        used["librispeech"].setdefault(row.part, []).extend(path for path, _ in row.sources)
        if row.noise:
            used["wham_noise"].setdefault(row.part, []).append(row.noise[0])
    facts: dict[str, Any] = {
        "mixtures": {f"Libri{spec.n_src}Mix": mixture_facts("librimix", mixed.mixtures)},
        "speech": {"librispeech": source_facts("librispeech", used["librispeech"])},
    }
    if "wham_noise" in used:
        facts["noise"] = {"wham_noise": source_facts("wham-noise", used["wham_noise"])}
    write_json(folder / "corpus.json", facts)


def _write_official(
    folder: Path, place: str, kind: str, chosen: list[tuple[Row, Mixture]], ratios: Mapping[str, Any]
) -> None:
    """``mixture_dev_mix_clean.csv`` and ``metrics_dev_mix_clean.csv``, as the official script has them."""
    members = _members(len(chosen[0][0].sources))[kind]
    titles = [f"source_{name[1:]}" if name != "noise" else name for name in members]
    parent, _, subset = place.rpartition("/")
    paths = (
        [mixture.id, *(_path(mixture, name) for name in (kind, *members)), mixture.frames] for _, mixture in chosen
    )
    write_table(
        folder / parent / "metadata" / f"mixture_{subset}_{kind}.csv",
        ["mixture_ID", "mixture_path", *(f"{title}_path" for title in titles), "length"],
        paths,
    )
    write_table(
        folder / parent / "metadata" / f"metrics_{subset}_{kind}.csv",
        ["mixture_ID", *(f"{title}_SNR" for title in titles)],
        ([row.id, *ratios[_key(row)][kind]] for row, _ in chosen),
    )


def _path(mixture: Mixture, name: str) -> str:
    signal = mixture.signals[name]
    return signal.path if isinstance(signal, Piece) else ""


def _key(row: Row) -> str:
    return f"{row.part}/{row.id}"
