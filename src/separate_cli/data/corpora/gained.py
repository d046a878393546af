"""Mixtures of lists that tell paths and gains, as those of LibriMix: the official arithmetic.

    mixture_ID, source_1_path, source_1_gain, ..., noise_path, noise_gain --plan--> pieces --> files, official tables

Per row: noise is cut to the longest speaker, or repeated with a cross-fade of half a second; every signal gets the gain
of its list and is then converted to the sample rate; ``min`` cuts all to the shortest, ``max`` pads with silence.

Source: github.com/JorisCos/LibriMix, ``create_librimix_from_metadata.py``.
Checked: tests/data/corpora/test_librimix.py (against a plain restatement of the published arithmetic).
"""

from __future__ import annotations

import re
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
from separate_cli.data.transcripts import transcript_of
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librimix import GainedMixtures

__all__ = ["Family", "Row", "make_gained", "read_rows"]

_RATE = 16000
_CROSSFADE = 8001
_SPEEDS = {"sp08": 0.8, "sp12": 1.2}
_SNR_FLOOR = 1e-10
_NOISE_HINT = "Download it: sep data download wham-noise. Without it: noise: null and types: [mix_clean] in the recipe."


@dataclass(frozen=True)
class Family:
    """What tells LibriMix from its kin.

    Args:
        title: Name of the corpus, and of the folder of its files.
        catalog: What the catalog calls it.
        speech: Name of the corpus that the speakers come from.
        hint: Where to get that.
        folder: Where its files are, if not among the inputs: below the prepared folder.
    """

    title: str
    catalog: str
    speech: str
    hint: str
    folder: Path | None = None


@dataclass(frozen=True)
class Row:
    """One mixture of a list.

    Args:
        id: ``mixture_ID``.
        part: ``"train"``, ``"valid"`` or ``"test"``.
        place: Folder of its files, below the prepared folder.
        sources: Path in the corpus of speech, and gain, of each speaker.
        noise: Path in WHAM!'s noise and gain; None without noise.
    """

    id: str
    part: str
    place: str
    sources: tuple[tuple[str, float], ...]
    noise: tuple[str, float] | None = None


def make_gained(family: Family, spec: GainedMixtures, rows: list[Row], context: StageContext) -> None:
    """Make all mixtures, or the list from which they are added up, and the official tables.

    Raises:
        InputError: If a mixture is listed twice, or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    items = {_key(row): row for row in rows}
    if len(items) < len(rows):
        twice = next(row.id for row in rows if items[_key(row)] is not row)
        raise InputError(f"{twice} is twice in the lists for one part.", hint="Check subsets and lists.")
    roots = roots_of(context.inputs) | ({family.speech: family.folder} if family.folder else {})
    sources = {family.speech: {path for row in rows for path, _ in row.sources}}
    if spec.noise is not None:
        sources["wham_noise"] = {_noise_file(row.noise[0], roots["wham_noise"])[0] for row in rows if row.noise}
    check_files(sources, roots, hints={family.speech: family.hint, "wham_noise": _NOISE_HINT})
    corpus = "" if family.folder else family.speech
    plan = partial(_plan, spec, (corpus, roots[family.speech]), roots.get("wham_noise"))
    mixed = make_mixtures(items, plan, spec, context, measure=partial(_ratios, spec.n_src))
    if mixed is not None:
        _finish(family, spec, context.folder, rows, mixed)


def read_rows(spec: GainedMixtures, path: Path, *, part: str, place: str) -> Iterator[Row]:
    """The rows of a list.

    Args:
        spec: How many speakers, and whether there is noise.
        path: The CSV file.
        part: What its mixtures are for.
        place: Folder of their files, below the folder of the corpus, sample rate and mode.

    Raises:
        InputError: If it is missing, or lacks a column or a number.
    """
    numbers = range(1, spec.n_src + 1)
    columns = ["mixture_ID", *(f"source_{i}_{what}" for i in numbers for what in ("path", "gain"))]
    has_noise = spec.noise is not None
    rows = read_table(path, [*columns, *(["noise_path", "noise_gain"] if has_noise else [])])
    for number, row in enumerate(rows, start=2):
        try:
            sources = tuple((row[f"source_{i}_path"], float(row[f"source_{i}_gain"])) for i in numbers)
            noise = (row["noise_path"], float(row["noise_gain"])) if has_noise else None
        except ValueError as error:
            raise InputError(f"{path}:{number}: {error}.", hint="Take the list from its source again.") from error
        yield Row(row["mixture_ID"], part, place, sources, noise)


def _noise_file(path: str, root: Path) -> tuple[str, float]:
    """The file of a noise, and how much faster it is to be played."""
    stem, suffix = path.rsplit(".", 1) if "." in path else (path, "wav")
    speed = _SPEEDS.get(stem[-4:], 1.0)
    if speed == 1.0 or (root / path).is_file():
        return path, 1.0
    return f"{stem[:-4]}.{suffix}", speed


def _plan(spec: GainedMixtures, speech: tuple[str, Path], noise: Path | None, row: Row) -> Order:
    """Of what pieces a mixture is made; looks at the lengths of its files."""
    lengths = [_frames(speech[1] / path) for path, _ in row.sources]
    names = _members(len(lengths))["mix_clean"]
    signals: dict[str, Signal] = {
        name: Piece(path, speech[0], gain=gain, channel=0)
        for name, (path, gain) in zip(names, row.sources, strict=True)
    }
    if row.noise is not None and noise is not None and set(spec.types) != {"mix_clean"}:
        path, speed = _noise_file(row.noise[0], noise)
        signals["noise"] = Piece(
            path, "wham_noise", frames=max(lengths), gain=row.noise[1], channel=0, speed=speed, crossfade=_CROSSFADE
        )
    signals.update({kind: _members(len(lengths))[kind] for kind in spec.types})
    frames = (min if spec.mode == "min" else max)(-(-length * spec.sample_rate // _RATE) for length in lengths)
    speakers = tuple(re.split(r"[-_]", PurePosixPath(path).stem)[0] for path, _ in row.sources)
    whole = spec.mode == "max" or len(set(lengths)) == 1
    facts = _transcripts([speech[1] / path for path, _ in row.sources]) if whole else {}
    mixture = Mixture(row.id, row.part, spec.sample_rate, frames, signals, bits=16, speakers=speakers, facts=facts)
    return Order(mixture, row.place)


def _transcripts(recordings: list[Path]) -> dict[str, list[str]]:
    """What each speaker says, if that is known of all of them."""
    texts = [text for text in map(transcript_of, recordings) if text is not None]
    return {"transcripts": texts} if len(texts) == len(recordings) else {}


def _frames(path: Path) -> int:
    info = probe(path)
    if info.sample_rate != _RATE:
        raise InputError(
            f"{path} has {info.sample_rate} Hz, these mixtures are made of {_RATE} Hz.", hint="Convert it first."
        )
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


def _finish(family: Family, spec: GainedMixtures, folder: Path, rows: list[Row], mixed: Mixed) -> None:
    """Write the lists: ours, and the official ones."""
    write_mixtures(folder / "mixtures.jsonl", mixed.mixtures)
    if spec.mixtures == "on_disk":
        for place in dict.fromkeys(row.place for row in rows):
            chosen = [(row, mixture) for row, mixture in zip(rows, mixed.mixtures, strict=True) if row.place == place]
            for kind in spec.types:
                _write_official(folder, place, kind, chosen, mixed.notes)
    spoken: dict[str, list[str]] = {}
    noises: dict[str, list[str]] = {}
    for row in rows:
        spoken.setdefault(row.part, []).extend(path for path, _ in row.sources)
        noises.setdefault(row.part, []).extend([row.noise[0]] if row.noise else [])
    facts: dict[str, Any] = {
        "mixtures": {family.title: mixture_facts(family.catalog, mixed.mixtures)},
        "speech": {family.speech: source_facts(family.speech, spoken)},
    }
    if spec.noise is not None:
        facts["noise"] = {"wham_noise": source_facts("wham-noise", noises)}
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
