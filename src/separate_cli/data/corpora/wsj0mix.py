"""wsj0-mix from its official lists.

    mix_2_spk_tr.txt: path, level in dB, path, level in dB --> 2speakers/wav8k/min/tr/{mix,s1,s2}/NAME.wav

Per row: every speaker is converted to the sample rate, brought to the active level 1, then to that of the list; all are
divided by the highest peak, if above 1, and multiplied by 0.9.

Source: github.com/mpariente/pywsj0-mix, ``generate_wsjmix.py``, after the MATLAB script of Deep Clustering.
Differs: samples are rounded down to 16 bits, not to the nearest; active levels that no list tells are measured by P.56.
Checked: tests/data/corpora/test_wsj0mix.py (against a plain restatement of the published arithmetic).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from separate_cli.audio.probe import probe
from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.facts import mixture_facts, source_facts
from separate_cli.data.corpora.wsj0 import WSJ0_PARTS, find_utterances
from separate_cli.data.corpus import Corpus
from separate_cli.data.levels import active_level_db
from separate_cli.data.mixing import Order, make_mixtures, render, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal, write_mixtures
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.wsj0mix import Wsj0Mix

__all__ = ["Row", "make", "read_lists"]

_PEAK = 0.9


@dataclass(frozen=True)
class Row:
    """One mixture of an official list.

    Args:
        id: As the official files are called.
        part: ``"tr"``, ``"cv"`` or ``"tt"``.
        names: Paths as in the list.
        levels_db: Levels of the speakers, before all are scaled.
        active: Active levels that are known, as power; None: to be measured.
    """

    id: str
    part: str
    names: tuple[str, ...]
    levels_db: tuple[float, ...]
    active: tuple[float | None, ...]


def make(spec: Wsj0Mix, context: StageContext) -> None:
    """Make wsj0-mix.

    Raises:
        InputError: If a list or an utterance is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    rows = read_lists(spec, context.inputs["lists"])
    roots = roots_of(context.inputs)
    files = find_utterances({name for row in rows for name in row.names}, roots["wsj0"])
    items = {f"{row.part}/{row.id}": (row, tuple(files[name] for name in row.names)) for row in rows}
    mixed = make_mixtures(items, partial(_plan, spec, roots), spec, context)
    if mixed is None:
        return
    write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
    used: dict[str, list[str]] = {}
    for row in rows:
        used.setdefault(WSJ0_PARTS[row.part], []).extend(row.names)
    made = f"wsj0-{spec.n_src}mix" if not spec.also else "wsj0-mix"
    facts = {
        "mixtures": {made: mixture_facts("wsj0-mix", mixed.mixtures)},
        "speech": {"wsj0": source_facts("wsj0", used)},
    }
    write_json(context.folder / "corpus.json", facts)


def read_lists(spec: Wsj0Mix, folder: Path) -> list[Row]:
    """The rows of the lists for all three parts.

    Raises:
        InputError: If a list is missing or is not one of mixtures of so many speakers.
    """
    known = _known_levels(folder / "activlev")
    counts = dict.fromkeys((spec.n_src, *spec.also))
    return [row for n_src in counts for part in WSJ0_PARTS for row in _read_list(n_src, folder, part, known)]


def _read_list(n_src: int, folder: Path, part: str, known: Mapping[str, float]) -> Iterator[Row]:
    path = folder / f"mix_{n_src}_spk_{part}.txt"
    for number, words in enumerate(_lines(path), start=1):
        try:
            names, levels = _names_and_levels(words, n_src)
        except ValueError as error:
            raise InputError(f"{path}:{number}: {error}.", hint="Take the list from its source again.") from error
        stems = [PurePosixPath(name).stem for name in names]
        name = "_".join(f"{stem}_{level:.8g}" for stem, level in zip(stems, levels, strict=True))
        yield Row(name, part, names, levels, tuple(known.get(stem) for stem in stems))


def _names_and_levels(words: list[str], n_src: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if len(words) != 2 * n_src:
        raise ValueError(f"expected {n_src} paths and levels, got {len(words)} words")
    return tuple(words[::2]), tuple(float(word) for word in words[1::2])


def _lines(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"Cannot read {path}: {error.strerror}.", hint="Download the lists: sep data download wsj0-mix."
        ) from error
    return [line.split() for line in text.splitlines() if line.strip()]


def _known_levels(folder: Path) -> dict[str, float]:
    """Utterance → active level as power, of all ``activlev_*.txt``."""
    return {words[0]: float(words[1]) for path in sorted(folder.glob("*.txt")) for words in _lines(path)}


def _plan(spec: Wsj0Mix, roots: Mapping[str, Path], item: tuple[Row, tuple[str, ...]]) -> Order:
    """Of what a mixture is made; its gains depend on its peak, so that it is added up once to find it."""
    row, files = item
    infos = [probe(roots["wsj0"] / path) for path in files]
    lengths = [-(-info.frames * spec.sample_rate // info.sample_rate) for info in infos]
    names = tuple(f"s{i}" for i in range(1, len(files) + 1))
    signals: dict[str, Signal] = {
        name: Piece(path, "wsj0", channel=0, gain=_gain(roots["wsj0"] / path, level_db, active))
        for name, path, level_db, active in zip(names, files, row.levels_db, row.active, strict=True)
    }
    frames = (min if spec.mode == "min" else max)(lengths)
    speakers = tuple(PurePosixPath(name).parent.name for name in row.names)
    mixture = Mixture(
        row.id, WSJ0_PARTS[row.part], spec.sample_rate, frames, {**signals, "mix_clean": names}, 16, speakers
    )
    waves = render(mixture, Corpus(Path(), roots), mixture.signals)
    divisor = max(1.0, *(float(np.abs(wave).max(initial=0.0)) for wave in waves.values())) / _PEAK
    scaled = {
        name: replace(signal, gain=signal.gain / divisor) if isinstance(signal, Piece) else signal
        for name, signal in mixture.signals.items()
    }
    place = f"{len(files)}speakers/wav{spec.sample_rate // 1000}k/{spec.mode}/{row.part}"
    return Order(replace(mixture, signals=scaled), place, folders={"mix_clean": "mix"})


def _gain(path: Path, level_db: float, active: float | None) -> float:
    if active is None:
        wave, sample_rate = read_audio(path)
        active = 10 ** (active_level_db(wave[0], sample_rate=sample_rate) / 10)
    return float(10 ** (level_db / 20) / np.sqrt(active))
