from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from pydantic import ValidationError
from torch.utils.data import default_collate

from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.data.sampling import Draw
from separate_cli.errors import InputError
from separate_cli.specs.special_examples import FaceExamples

RATE = 1000
WISH = FaceExamples(sample_rate=RATE, video_rate=25, segment_seconds=0.4)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Two voices whose sample n is ±n / RATE, and faces whose frame m is m; one video ends a frame early."""
    ramp = np.arange(1000) / RATE
    for name, wave in (("s1", ramp), ("s2", -2 * ramp)):
        soundfile.write(tmp_path / f"{name}.wav", wave, RATE, subtype="FLOAT")
    for name, frames in (("a", 25), ("b", 24)):
        np.save(tmp_path / f"{name}.npy", np.arange(frames)[:, None] * np.ones(3) + (100 if name == "b" else 0))
    signals = {"s1": Piece("s1.wav"), "s2": Piece("s2.wav"), "mix_clean": ("s1", "s2")}
    facts = {"faces": ["a.npy", ["elsewhere", "b.npy"]]}
    write_mixtures(tmp_path / "mixtures.jsonl", [Mixture("m", "train", RATE, 1000, signals, facts=facts)])
    return Corpus(tmp_path, {"elsewhere": tmp_path})


def test_faces_are_of_the_very_moments_that_are_heard(corpus: Corpus) -> None:
    examples = make_examples(WISH, corpus, part="train", seed=0)
    firsts = set()
    for epoch in range(12):
        (mixture, faces), voices = examples[Draw(epoch, 0)]
        assert (mixture.shape, faces.shape, voices.shape) == ((400,), (2, 10, 3), (2, 400))
        torch.testing.assert_close(mixture, voices.sum(0))
        start = round(float(voices[0, 0]) * RATE)
        assert start % 40 == 0
        expected = np.minimum(start // 40 + np.arange(10), 23)
        np.testing.assert_array_equal(faces[0, :, 0], expected)
        np.testing.assert_array_equal(faces[1, :, 0], expected + 100)
        firsts.add(start)
    assert len(firsts) > 4


def test_examples_can_be_put_together_in_batches(corpus: Corpus) -> None:
    examples = make_examples(WISH, corpus, part="train", seed=0)
    (mixtures, faces), voices = default_collate([examples[Draw(epoch, 0)] for epoch in range(3)])
    assert (mixtures.shape, faces.shape, voices.shape) == ((3, 400), (3, 2, 10, 3), (3, 2, 400))


def test_what_is_missing_is_named(corpus: Corpus) -> None:
    with pytest.raises(ValidationError, match="expected a sample rate that is a multiple of 25, got 8010"):
        FaceExamples(sample_rate=8010)
    (corpus.folder / "a.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match=r"Cannot read the face .*a\.npy"):
        make_examples(WISH, corpus, part="train", seed=0)[0]
