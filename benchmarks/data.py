"""How fast examples are read, against Asteroid's data set where that is installed.

    python benchmarks/data.py --rounds 7

3 s segments of two-speaker mixtures from 200 files of 10 s at 8 kHz, in the page cache, by one process. All contenders
read in turn, once a round, so that a busy moment of the machine hits all alike; a ratio is the median over rounds of
the ratio within a round. Whole mixtures must be the same for all, or it stops.

    LibriMix    sep's data set of the same name, from the same CSV file
    mixtures    a prepared corpus: the mixture is a file
    on the fly  the same, the mixture is added up: no mixtures on disk
    in memory   the same, all files kept as 16-bit integers
    remix       dynamic mixing: other pairs, levels, places in each epoch
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from separate_cli.data import LibriMix, make_examples
from separate_cli.data.corpus import Corpus
from separate_cli.data.manifest import Recording, write_recordings
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.specs.examples import MixtureExamples, RemixExamples

FILES, SECONDS, RATE = 200, 10, 8000
GOALS = {"wav": 2.0, "flac": 1.0}
Read = Callable[[int], Any]


def write_corpus(folder: Path, audio: str) -> None:
    """Mixtures and sources as files, Asteroid's list of them, and ours: with mixtures as files and added up."""
    rng = np.random.default_rng(0)
    n = SECONDS * RATE
    rows, mixtures, speech = [], [], []
    for number in range(FILES):
        tones = np.cumsum(rng.standard_normal((2, n)), axis=1)  # codecs are slow on white noise, fast on silence
        sources = np.round(0.2 * tones / np.abs(tones).max() * 32768) / 32768
        waves = {"s1": sources[0], "s2": sources[1], "mix_clean": sources.sum(axis=0)}
        for name, wave in waves.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / name / f"{number}_x.{audio}", wave, RATE)
        paths = {name: f"{name}/{number}_x.{audio}" for name in waves}
        rows.append(",".join([*(str(folder / paths[name]) for name in ("mix_clean", "s1", "s2")), str(n)]))
        mixtures.append(Mixture(f"{number}_x", "train", RATE, n, {name: Piece(path) for name, path in paths.items()}))
        speech += [Recording("here", paths[name], "train", f"{number}{name}", RATE, n, 1) for name in ("s1", "s2")]
    header = "mixture_path,source_1_path,source_2_path,length"
    (folder / "clean.csv").write_text("\n".join([header, *rows, ""]))
    write_mixtures(folder / "mixtures.jsonl", mixtures)
    write_recordings(folder / "speech.jsonl", speech)
    (folder / "sums").mkdir()
    added = [
        Mixture(
            m.id,
            m.part,
            RATE,
            n,
            {**{k: Piece(f"../{v.path}") for k, v in m.signals.items() if k != "mix_clean"}, "mix_clean": ("s1", "s2")},
        )
        for m in mixtures
    ]
    write_mixtures(folder / "sums" / "mixtures.jsonl", added)


def contenders(folder: Path, segment: float | None) -> dict[str, Read]:
    """Ways to read one example by its number."""
    corpora = {
        "mixtures": Corpus(folder, {}),
        "on the fly": Corpus(folder / "sums", {}),
        "in memory": Corpus(folder / "sums", {}),
    }
    found: dict[str, Read] = {"LibriMix": LibriMix(folder, sample_rate=RATE, segment=segment).__getitem__}
    for name, corpus in corpora.items():
        spec = MixtureExamples(segment_seconds=segment, cache_megabytes=200 if name == "in memory" else 0)
        examples = make_examples(spec, corpus, part="train", seed=0)
        place = {mixture.id: i for i, mixture in enumerate(examples.mixtures)}  # type: ignore[attr-defined]
        found[name] = lambda i, examples=examples, place=place: examples[place[f"{i}_x"]]  # type: ignore[misc]
    if segment is not None:
        spec = RemixExamples(segment_seconds=segment)
        found["remix"] = make_examples(spec, Corpus(folder, {"here": folder}), part="train", seed=0).__getitem__
    try:
        from asteroid.data import LibriMix as Theirs
    except ImportError:
        return found
    return {**found, "asteroid": Theirs(str(folder), sample_rate=RATE, segment=segment).__getitem__}


def compare(folder: Path) -> None:
    """Stop unless all contenders read the same mixtures and sources."""
    readers = contenders(folder, None)
    for number in (0, 7, FILES - 1):
        expected = readers["LibriMix"](number)
        for name, read in readers.items():
            for ours, other in zip(expected, read(number), strict=True):
                np.testing.assert_array_equal(ours, other, err_msg=name)


def seconds_each(read: Read) -> float:
    """Seconds of one example, reading all of them once."""
    start = time.perf_counter()
    for number in range(FILES):
        read(number)
    return (time.perf_counter() - start) / FILES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as root:
        for audio, goal in GOALS.items():
            folder = Path(root) / audio
            write_corpus(folder, audio)
            compare(folder)
            readers = contenders(folder, 3.0)
            for read in readers.values():
                seconds_each(read)  # fills page cache and memory
            rounds = [{name: seconds_each(read) for name, read in readers.items()} for _ in range(arguments.rounds)]
            print(f"{audio}: goal for LibriMix: {goal:g} x asteroid's examples a second")
            for name in readers:
                spent = statistics.median(each[name] for each in rounds)
                ratio = "      -"
                if "asteroid" in readers:
                    ratio = f"{statistics.median(each['asteroid'] / each[name] for each in rounds):6.2f} x"
                print(f"  {name:12} {1000 * spent:7.3f} ms  {ratio}")


if __name__ == "__main__":
    main()
