"""Stems: what is exchanged, turned up and down, swapped, and what stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from pydantic import ValidationError

from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.data.sampling import Draw
from separate_cli.errors import InputError
from separate_cli.specs.special_examples import StemExamples

STEMS = ("vocals", "drums")
RATE = 1000


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Three songs whose stems have a level of their own on the left, and the negative of it on the right."""
    songs = []
    for song in range(3):
        signals: dict[str, Any] = {"mixture": STEMS}
        for number, stem in enumerate(STEMS):
            level = (1 + song) / 10 + number / 100
            wave = np.tile([level, -level], (500, 1))
            soundfile.write(tmp_path / f"{song}-{stem}.wav", wave, RATE, subtype="FLOAT")
            signals[stem] = Piece(f"{song}-{stem}.wav")
        songs += [Mixture(f"song {song}", part, RATE, 500, signals) for part in ("train", "valid")]
    write_mixtures(tmp_path / "mixtures.jsonl", songs)
    return Corpus(tmp_path, {})


def wish(**changes: Any) -> StemExamples:
    calm = {"exchange_probability": 0, "gain": 1, "swap_probability": 0}
    return StemExamples.model_validate(
        {"stems": STEMS, "sample_rate": RATE, "segment_seconds": 0.1, "examples_per_track": 4, **calm, **changes}
    )


def levels(stems: torch.Tensor) -> list[float]:
    return [round(float(stem[0, 0]), 4) for stem in stems]


def test_without_changes_stems_belong_together_and_sum_to_the_mixture(corpus: Corpus) -> None:
    examples = make_examples(wish(), corpus, part="train", seed=0)
    assert len(examples) == 12
    found = set()
    for index in range(12):
        mixture, stems = examples[index]
        assert stems.shape == (2, 2, 100)
        torch.testing.assert_close(mixture, stems.sum(0))
        found.add(tuple(levels(stems)))
    assert found == {(0.1, 0.11), (0.2, 0.21), (0.3, 0.31)}


def test_stems_of_different_songs_come_together_and_change_with_the_epoch(corpus: Corpus) -> None:
    examples = make_examples(wish(exchange_probability=1), corpus, part="train", seed=0)
    pairs = {tuple(levels(examples[Draw(epoch, index)][1])) for epoch in range(3) for index in range(12)}
    assert pairs == {(a, b) for a in (0.1, 0.2, 0.3) for b in (0.11, 0.21, 0.31)}


def test_gains_stay_in_their_range_and_channels_change_places(corpus: Corpus) -> None:
    examples = make_examples(wish(gain=[0.5, 2], swap_probability=0.5), corpus, part="train", seed=0)
    stems = torch.cat([examples[Draw(epoch, index)][1] for epoch in range(5) for index in range(12)])
    left, right = stems[:, 0, 0], stems[:, 1, 0]
    torch.testing.assert_close(left, -right)
    assert 0.3 < float((left < 0).double().mean()) < 0.7
    gains = torch.tensor([float(level) for level in left.abs()])
    assert float(gains.min()) >= 0.05 - 1e-6 and float(gains.max()) <= 0.62 + 1e-6
    assert len({round(float(gain), 5) for gain in gains}) > 50


def test_wanted_stems_are_fewer_than_what_is_heard(corpus: Corpus) -> None:
    mixture, stems = make_examples(wish(targets=["drums"]), corpus, part="train", seed=0)[0]
    assert stems.shape == (1, 2, 100)
    assert float(mixture[0, 0]) == pytest.approx(2 * float(stems[0, 0, 0]) - 0.01, abs=1e-6)


def test_validation_hears_songs_as_they_are(corpus: Corpus) -> None:
    loud = wish(exchange_probability=1, gain=5, swap_probability=1)
    examples = make_examples(loud, corpus, part="valid", seed=0)
    assert {tuple(levels(examples[index][1])) for index in range(3)} == {(0.1, 0.11), (0.2, 0.21), (0.3, 0.31)}


def test_what_cannot_be_mixed_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValidationError, match="expected targets that are stems, got bass"):
        wish(targets=["bass"])
    with pytest.raises(InputError, match="no bass"):
        make_examples(wish(stems=["drums", "bass"]), corpus, part="train", seed=0)
    with pytest.raises(InputError, match=r"the longest has 0\.5 s"):
        make_examples(wish(segment_seconds=1), corpus, part="train", seed=0)
