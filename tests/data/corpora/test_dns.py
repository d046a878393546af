"""Clips have the length, the ratio and the level that were drawn, in both forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpora.signals import hiss, voice, write
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.dns import Dns
from separate_cli.stages import prepare


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dns")
    for speaker in range(4):
        write(root / "clean" / f"reader{speaker}" / "book.wav", voice(speaker, 17000 + 500 * speaker), 16000)
    write(root / "clean" / "reader0" / "silent.wav", np.zeros(20000), 16000)
    for number, rate in enumerate((48000, 16000, 16000)):
        write(root / "noise" / f"n{number}.wav", hiss(number, 30000), rate)
    return root


def make(folder: Path, data: Path, **fields: Any) -> Corpus:
    folder.mkdir()
    wish = {
        "executor": "local:1",
        "speech": {"clean": {"path": data / "clean"}},
        "noise": {"dns": {"path": data / "noise"}},
        "seconds": 3,
        "n_train": 4,
        "n_valid": 1,
        "n_test": 0,
        **fields,
    }
    spec = Dns.model_validate(wish)
    inputs = {name: path for name, (path, _) in spec.sources().items()}
    prepare.run(spec, StageContext(folder, inputs))
    return Corpus(folder, roots_of(inputs))


def db(wave: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(wave.astype(np.float64) ** 2)))


def test_length_ratio_and_level(data: Path, tmp_path: Path) -> None:
    corpus = make(tmp_path / "made", data, snr_db=7, level_db=-27)
    mixtures = corpus.mixtures("train")
    assert len(mixtures) == 4 and len(corpus.mixtures("valid")) == 1 and not corpus.mixtures("test")
    for mixture in mixtures:
        wave = {name: corpus.signal(mixture, name)[0] for name in ("s1", "noise", "mix_single")}
        assert mixture.frames == len(wave["s1"]) == 48000
        assert db(wave["s1"]) - db(wave["noise"]) == pytest.approx(7, abs=0.1)
        assert db(wave["mix_single"]) == pytest.approx(-27, abs=0.1)
        assert np.abs(wave["mix_single"] - wave["s1"] - wave["noise"]).max() < 2.5 / 32768
        assert signals_of(mixture, "enh_single") == ("mix_single", ("s1",))


def test_there_is_silence_between_utterances_and_a_loud_clip_is_turned_down(data: Path, tmp_path: Path) -> None:
    corpus = make(tmp_path / "made", data, level_db=0, snr_db=30, silence_seconds=0.5)
    mixture = corpus.mixtures("train")[0]
    assert np.abs(corpus.signal(mixture, "mix_single")).max() <= 0.99 + 1 / 32768
    speech = corpus.signal(mixture, "s1")[0]
    quiet = np.convolve(np.abs(speech) <= 1 / 32768, np.ones(7000), "valid")
    assert quiet.max() == 7000


def test_added_up_when_read_the_samples_are_those_of_the_files(data: Path, tmp_path: Path) -> None:
    disk, fly = make(tmp_path / "disk", data), make(tmp_path / "fly", data, mixtures="on_the_fly")
    for one, other in zip(disk.mixtures("train"), fly.mixtures("train"), strict=True):
        for name in ("s1", "noise", "mix_single"):
            np.testing.assert_array_equal(disk.signal(one, name), fly.signal(other, name))


def test_silent_speech_is_left_out_and_noted(data: Path, tmp_path: Path) -> None:
    only = {"clean": {"path": data / "clean", "include": ["reader0/*"], "split": {"rule": "speaker"}}}
    corpus = make(tmp_path / "made", data, speech=only, n_valid=0)
    skipped = corpus.facts()["speech"]["clean"]["skipped"]
    assert skipped == [{"path": "reader0/silent.wav", "reason": "it is silent"}]
    assert [recording.path for recording in corpus.recordings("speech", "train")] == ["reader0/book.wav"]


def test_without_noise_there_is_nothing_to_suppress(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no noise"):
        make(tmp_path / "made", data, noise={})
