"""SparseLibriMix from its official lists, to test on.

    sparse_2_0.2/metadata.json: pieces of utterances, when they begin, how loud they are
        --> sparse_2_0.2/{s1,s2,noise,mix_clean,mix_noisy}/NAME.wav

Per piece: its mean is taken out, it is converted to the sample rate, and brought to its loudness (ITU-R BS.1770, blocks
of 0.1 s). A mixture is as long as its longest signal.

Source: github.com/popcornell/SparseLibriMix, ``make_mixtures.py``.
Checked: tests/data/corpora/test_sparse_librimix.py (against a plain restatement of the published arithmetic).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_chosen
from separate_cli.data.corpora.facts import mixture_facts, source_facts
from separate_cli.data.corpora.listed import read_json
from separate_cli.data.corpora.loudness import loudness_lufs, need_loudness
from separate_cli.data.mixing import Order, check_files, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, write_mixtures
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.sparse_librimix import SparseLibriMix

__all__ = ["make"]

Wave = NDArray[np.float64]
Row = tuple[str, Mapping[str, Any]]

_BLOCK_SECONDS = 0.1


def make(spec: SparseLibriMix, context: StageContext) -> None:
    """Make SparseLibriMix.

    Raises:
        UsageError: If pyloudnorm is not installed.
        InputError: If a list or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    need_loudness()
    roots = roots_of(context.inputs)
    items = {f"{place}/{row['mixture_name']}": (place, row) for place, row in _rows(spec, context.inputs["lists"])}
    spoken = {path for _, row in items.values() for path in _paths(row, spec.n_src)}
    files = {"librispeech": spoken}
    if spec.noise is not None:
        files["wham_noise"] = {f"tt/{one['file']}" for _, row in items.values() for one in row["noise"]}
    hint = "Download it: sep data download"
    check_files(files, roots, hints={"librispeech": f"{hint} librispeech.", "wham_noise": f"{hint} wham-noise."})
    mixed = make_mixtures(items, partial(_plan, spec, roots), spec, context)
    if mixed is None:
        return
    write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
    facts = {
        "mixtures": {"SparseLibriMix": mixture_facts("sparse-librimix", mixed.mixtures)},
        "speech": {"librispeech": source_facts("librispeech", {"test": files["librispeech"]})},
    }
    if spec.noise is not None:
        facts["noise"] = {"wham_noise": source_facts("wham-noise", {"test": files["wham_noise"]})}
    write_json(context.folder / "corpus.json", facts)


def _rows(spec: SparseLibriMix, folder: Path) -> Iterator[Row]:
    for overlap in spec.overlaps:
        place = f"sparse_{spec.n_src}_{overlap}"
        path = folder / place / "metadata.json"
        for row in read_json(path):
            if not {"mixture_name", "noise", *(f"s{i + 1}" for i in range(spec.n_src))} <= row.keys():
                raise InputError(
                    f"{path} is no list of SparseLibriMix.", hint="Download it: sep data download sparse-librimix."
                )
            yield place, row


def _paths(row: Mapping[str, Any], n_src: int) -> list[str]:
    return [f"test-clean/{one['file']}" for i in range(n_src) for one in row[f"s{i + 1}"]]


def _plan(spec: SparseLibriMix, roots: Mapping[str, Path], item: Row) -> Order:
    """All signals of a mixture."""
    place, row = item
    names = [f"s{i + 1}" for i in range(spec.n_src)]
    pieces = {name: [_piece(spec, roots["librispeech"] / "test-clean", one) for one in row[name]] for name in names}
    if spec.noise is not None:
        pieces["noise"] = [_piece(spec, roots["wham_noise"] / "tt", one) for one in row["noise"]]
    frames = max(len(wave) for waves in pieces.values() for wave in waves)
    signals = {
        name: np.sum([np.pad(wave, (0, frames - len(wave))) for wave in waves], axis=0)
        for name, waves in pieces.items()
    }
    signals["mix_clean"] = np.sum([signals[name] for name in names], axis=0)
    if spec.noise is not None:
        signals["mix_both"] = signals["mix_clean"] + signals["noise"]
    speakers = tuple(str(row[name][0]["spk_id"]) for name in names)
    overlap = float(place.rsplit("_", 1)[1])
    mixture = Mixture(
        f"{place}_{row['mixture_name']}", "test", spec.sample_rate, frames, {}, 16, speakers, {"overlap": overlap}
    )
    waves = {name: wave[np.newaxis].astype(np.float32) for name, wave in signals.items()}
    return Order(mixture, place, folders={"mix_both": "mix_noisy"}, waves=waves)


def _piece(spec: SparseLibriMix, root: Path, one: Mapping[str, Any]) -> Wave:
    """A stretch of an utterance at its place and loudness, ``(time)``."""
    from scipy.signal import resample_poly

    def choose(rate: int, total: int) -> tuple[int, int]:
        start = int(one["orig_start"] * rate)
        return start, min(int(one["orig_stop"] * rate), total) - start

    channels, rate = read_chosen(root / one["file"], choose)
    wave = channels[one.get("channel", 0) if len(channels) > 1 else 0].astype(np.float64)
    wave = wave - wave.mean()
    if rate != spec.sample_rate:
        wave = resample_poly(wave, spec.sample_rate, rate)
    loudness = loudness_lufs(wave, sample_rate=spec.sample_rate, block_seconds=_BLOCK_SECONDS)
    louder: Wave = wave * 10 ** ((one["lvl"] - loudness) / 20)
    return np.pad(louder, (int(one["start"] * spec.sample_rate), 0))
