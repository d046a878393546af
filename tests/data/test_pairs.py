"""Mixtures of mixtures: sums, partners, seeds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from corpora.mixtures import make
from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.sampling import Draw
from separate_cli.errors import InputError
from separate_cli.specs.special_examples import PairExamples

WISH = PairExamples(segment_seconds=0.1)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus.of("prepare", make(tmp_path, [2, 2, 2, 2], part="train"))


def test_a_pair_is_the_sum_of_two_different_mixtures_that_are_wanted_back(corpus: Corpus) -> None:
    pairs = make_examples(WISH, corpus, part="train", seed=0)
    wholes = {mixture.id: corpus.signal(mixture, "mix_clean")[0] for mixture in corpus.mixtures("train")}
    assert len(pairs) == 4
    for index in range(4):
        total, both = pairs[index]
        torch.testing.assert_close(total, both[0] + both[1])
        found = [_origin(wave, wholes) for wave in both.numpy()]
        assert None not in found and found[0] != found[1]


def _origin(wave: object, wholes: dict[str, object]) -> str | None:
    import numpy as np

    for name, whole in wholes.items():
        windows = np.lib.stride_tricks.sliding_window_view(whole, len(wave))
        if (windows == wave).all(1).any():
            return name
    return None


def test_partners_change_from_epoch_to_epoch_and_examples_depend_on_nothing_else(corpus: Corpus) -> None:
    pairs, again = (make_examples(WISH, corpus, part="train", seed=0) for _ in range(2))
    epochs = [pairs[Draw(epoch, 1)][1] for epoch in range(6)]
    assert len({tuple(both[:, 0].tolist()) for both in epochs}) > 1
    assert torch.equal(again[Draw(5, 1)][1], epochs[5])


def test_one_mixture_makes_no_pair(tmp_path: Path) -> None:
    lonely = Corpus.of("prepare", make(tmp_path, [2], part="train"))
    with pytest.raises(InputError, match="pairs need two"):
        make_examples(WISH, lonely, part="train", seed=0)
