from __future__ import annotations

from pathlib import Path

import torch
from torch.utils.data import default_collate

from corpora.mixtures import make
from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.mixtures import read_mixtures, write_mixtures
from separate_cli.specs.special_examples import ArrayExamples


def test_missing_microphones_are_silent_and_references_are_at_the_first(tmp_path: Path) -> None:
    make(tmp_path / "small", [2], channels=2, part="train")
    make(tmp_path / "large", [2], channels=4, part="train")
    rows = []
    for size in ("small", "large"):
        (row,) = read_mixtures(tmp_path / size / "mixtures.jsonl")
        pieces = {name: one for name, one in row.signals.items() if isinstance(one, tuple)}
        pieces |= {n: type(p)(f"{size}/{p.path}") for n, p in row.signals.items() if not isinstance(p, tuple)}
        rows.append(type(row)(size, "train", row.sample_rate, row.frames, pieces))
    write_mixtures(tmp_path / "mixtures.jsonl", rows)
    corpus = Corpus(tmp_path, {})
    wish = ArrayExamples(sample_rate=8000, segment_seconds=0.2, microphones=3)
    examples = make_examples(wish, corpus, part="train", seed=0)
    batch, references = default_collate([examples[0], examples[1]])
    assert batch.shape == (2, 3, 1600) and references.shape == (2, 2, 1600)
    assert sorted(batch.ne(0).any(-1).sum(1).tolist()) == [2, 3]
    torch.testing.assert_close(examples.plain[0][1][:, 0], references[0])  # type: ignore[attr-defined]
