from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.data.activity import activity_of
from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.data.sampling import Draw
from separate_cli.errors import InputError
from separate_cli.specs.special_examples import ActivityExamples

WISH = ActivityExamples(sample_rate=1000, segment_seconds=0.4)


def corpus_of(folder: Path, *, frames: int = 1000, facts: dict[str, object] | None = None) -> Corpus:
    """A recording whose sample n is n / 1000."""
    soundfile.write(folder / "a.wav", np.arange(frames) / 1000, 1000, subtype="FLOAT")
    said = {"speech": [[100, 300], [800, 1000]]} if facts is None else facts
    write_mixtures(
        folder / "mixtures.jsonl", [Mixture("a", "train", 1000, frames, {"mix_both": Piece("a.wav")}, facts=said)]
    )
    return Corpus(folder, {})


def test_labels_are_of_the_very_samples_that_are_heard(tmp_path: Path) -> None:
    examples = make_examples(WISH, corpus_of(tmp_path), part="train", seed=0)
    starts = set()
    for epoch in range(8):
        wave, activity = examples[Draw(epoch, 0)]
        assert wave.shape == (400,) and activity.shape == (1, 400)
        places = np.round(wave.numpy() * 1000).astype(int)
        speaks = ((places >= 100) & (places < 300)) | (places >= 800)
        np.testing.assert_array_equal(activity[0].numpy(), speaks)
        starts.add(int(places[0]))
    assert len(starts) > 3


def test_a_short_recording_ends_in_silence_where_nobody_speaks(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, frames=250, facts={"speech": [[200, 250]]})
    wave, activity = make_examples(WISH, corpus, part="train", seed=0)[0]
    assert not wave[250:].any()
    assert activity[0].nonzero().flatten().tolist() == list(range(200, 250))


def test_lists_that_do_not_say_where_speech_is_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a does not say where speech is"):
        make_examples(WISH, corpus_of(tmp_path, facts={}), part="train", seed=0)


def test_stretches_may_reach_beyond_the_recording() -> None:
    assert activity_of(Mixture("a", "test", 8000, 3, {}, facts={"speech": [[-5, 1], [2, 99]]})).tolist() == [1, 0, 1]
