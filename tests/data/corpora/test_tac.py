"""TAC: microphones side by side, sample by sample as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpora import tac
from separate_cli.data.corpus import Corpus
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.tac import Tac
from separate_cli.stages import prepare


def run(tmp_path: Path) -> Corpus:
    inputs = {"speech.tac.path": tmp_path / "tac"}
    (tmp_path / "made").mkdir()
    prepare.run(Tac(executor="local:1"), StageContext(tmp_path / "made", inputs))
    return Corpus(tmp_path / "made", {})


def test_an_array_holds_what_its_microphones_heard(tmp_path: Path) -> None:
    root = tac.make(tmp_path / "tac")
    corpus = run(tmp_path)
    assert [mixture.id for mixture in corpus.mixtures("valid")] == [
        "2mic-sample1",
        "2mic-sample2",
        "3mic-sample1",
        "3mic-sample2",
    ]
    mixture = corpus.mixtures("train")[2]
    assert (mixture.facts, mixture.sample_rate, mixture.frames) == ({"microphones": 3}, 16000, 6000)
    assert signals_of(mixture, "sep_noisy") == ("mix_both", ("s1", "s2"))
    for name, file in (("mix_both", "mixture"), ("s2", "spk2"), ("noise", "noise")):
        heard = [
            soundfile.read(root / "train/3mic/sample1" / f"{file}_mic{k}.wav", dtype="float32")[0] for k in (1, 2, 3)
        ]
        np.testing.assert_array_equal(corpus.signal(mixture, name), np.stack(heard))
    assert corpus.facts()["mixtures"]["tac"]["parts"]["test"]["mixtures"] == 4


def test_a_recording_with_a_missing_microphone_is_named(tmp_path: Path) -> None:
    root = tac.make(tmp_path / "tac")
    (root / "test/2mic/sample1/spk1_mic2.wav").unlink()
    with pytest.raises(InputError, match=r"sample1 is not a whole recording"):
        run(tmp_path)


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "tac").mkdir()
    with pytest.raises(InputError, match="There are no recordings"):
        run(tmp_path)
