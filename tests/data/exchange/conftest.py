"""A prepared folder whose mixtures are files, in three parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from corpora import mixtures
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixtures import Mixture, Piece, read_mixtures, write_mixtures


@pytest.fixture
def on_disk(tmp_path: Path) -> tuple[Corpus, list[Mixture]]:
    folder = tmp_path / "prepared"
    mixtures.make(folder, [2] * 4)
    corpus, rows = Corpus(folder, {}), []
    for mixture, part in zip(
        read_mixtures(folder / "mixtures.jsonl"), ("train", "train", "valid", "test"), strict=True
    ):
        speakers = (f"{mixture.id[1]}7", f"{mixture.id[1]}8")
        name = "_".join(f"{speaker}-1-0001" for speaker in speakers)
        signals = {}
        for signal in mixture.signals:
            path = folder / part / signal / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, corpus.signal(mixture, signal).T, mixture.sample_rate)
            signals[signal] = Piece(path.relative_to(folder).as_posix())
        rows.append(replace(mixture, id=name, part=part, signals=signals, speakers=speakers))
    write_mixtures(folder / "mixtures.jsonl", rows)
    return corpus, rows


def absolute(corpus: Corpus, mixture: Mixture) -> Mixture:
    """The same mixture, its files named from the root of the disk."""
    signals = {
        name: replace(piece, path=corpus.path_of(piece).as_posix())
        for name, piece in mixture.signals.items()
        if isinstance(piece, Piece)
    }
    return replace(mixture, signals=signals)
