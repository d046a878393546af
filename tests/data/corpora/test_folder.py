"""Mixtures of any recordings: what was asked for is what is heard, and what is of no use is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from corpora.signals import hiss, voice, write
from separate_cli.data.corpus import Corpus
from separate_cli.data.levels import active_level_db
from separate_cli.data.mixing import roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.folder import FolderCorpus
from separate_cli.stages import prepare

Make = Callable[..., Corpus]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven speakers at different rates and formats, stereo among them, noise, rooms, and a mess."""
    root = tmp_path_factory.mktemp("own")
    rates = (8000, 16000, 22050, 44100, 16000, 8000, 48000)
    for speaker, rate in enumerate(rates):
        for take in range(2):
            wave = voice(10 * speaker + take, round(rate * (1.1 + 0.1 * take)), rate=rate)
            if speaker == 3:
                wave = np.stack([wave, np.zeros_like(wave)], axis=1)
            suffix = "flac" if speaker % 2 else "wav"
            write(root / "speech" / f"who{speaker}" / f"take {take}.{suffix}", wave, rate)
    write(root / "noise" / "long.wav", hiss(0, 40000), 16000)
    write(root / "noise" / "short.ogg", hiss(1, 9000, 2), 22050)
    for seat in range(3):
        response = np.zeros(4000)
        response[20 + seat] = 0.8
        response[1000:] = 0.02 * hiss(seat, 3000)[:, 0] * np.exp(-np.arange(3000) / 800)
        write(root / "rirs" / "hall" / f"seat{seat}.wav", response, 16000)
    return root


@pytest.fixture
def make(recordings: Path, tmp_path: Path) -> Make:
    def run(folder: str = "made", **fields: Any) -> Corpus:
        (tmp_path / folder).mkdir()
        wish = {
            "kind": "folder",
            "executor": "local:1",
            "speech": {"mine": {"path": str(recordings / "speech"), "licence": "CC0"}},
            **fields,
        }
        spec = FolderCorpus.model_validate(wish)
        inputs = {name: path for name, (path, _) in spec.sources().items()}
        prepare.run(spec, StageContext(tmp_path / folder, inputs))
        return Corpus(tmp_path / folder, roots_of(inputs))

    return run


def noise(recordings: Path) -> dict[str, Any]:
    return {"street": {"path": str(recordings / "noise")}}


PARTS = ("train", "valid", "test")


def test_speakers_are_different_and_each_is_in_one_part_only(make: Make) -> None:
    corpus = make()
    speakers = {part: {who for mixture in corpus.mixtures(part) for who in mixture.speakers} for part in PARTS}
    assert {part: len(found) for part, found in speakers.items()} == {"train": 3, "valid": 2, "test": 2}
    assert len(set.union(*speakers.values())) == 7
    mixtures = [mixture for part in PARTS for mixture in corpus.mixtures(part)]
    assert all(len(set(mixture.speakers)) == 2 for mixture in mixtures)
    assert len(mixtures) == 14  # one for each recording


def test_files_have_the_wished_levels_rate_and_length_and_add_up(make: Make, recordings: Path) -> None:
    corpus = make(noise=noise(recordings), level_db=[-30, -30], noise_level_db=-40, n_train=4, sample_rate=16000)
    mixtures = corpus.mixtures("train")
    assert len(mixtures) == 4
    for mixture in mixtures:
        waves = {name: corpus.signal(mixture, name)[0] for name in mixture.signals}
        path = corpus.folder / "wav16k" / "min" / "train" / "s1" / f"{mixture.id}.wav"
        assert soundfile.info(path).samplerate == 16000
        assert {len(wave) for wave in waves.values()} == {mixture.frames}
        assert 10 * np.log10(np.mean(waves["noise"] ** 2)) == pytest.approx(-40, abs=0.5)
        for name in ("s1", "s2"):
            assert active_level_db(waves[name], sample_rate=16000) == pytest.approx(-30, abs=1.0)
        steps = 2.5 / 32768
        assert np.abs(waves["mix_clean"] - waves["s1"] - waves["s2"]).max() < steps
        assert np.abs(waves["mix_both"] - waves["mix_clean"] - waves["noise"]).max() < steps
        assert np.abs(waves["mix_single"] - waves["s1"] - waves["noise"]).max() < steps


def test_the_same_seed_gives_the_same_bytes_another_gives_others(make: Make, recordings: Path) -> None:
    def content(corpus: Corpus) -> dict[str, bytes]:
        files = [path for path in corpus.folder.rglob("*") if path.is_file() and path.name != "journal.jsonl"]
        return {path.relative_to(corpus.folder).as_posix(): path.read_bytes() for path in files}

    first = content(make("a", noise=noise(recordings)))
    assert content(make("b", noise=noise(recordings))) == first
    assert content(make("c", noise=noise(recordings), seed=1)) != first


def test_added_up_when_read_the_samples_are_those_of_the_files(make: Make, recordings: Path) -> None:
    loud = {"noise": noise(recordings), "level_db": [-8, -2], "n_train": 5}  # loud enough to be turned down
    disk, fly = make("disk", **loud), make("fly", mixtures="on_the_fly", **loud)
    for written, listed in zip(disk.mixtures("train"), fly.mixtures("train"), strict=True):
        for name in ("s1", "s2", "noise", "mix_clean", "mix_both", "mix_single"):
            np.testing.assert_array_equal(disk.signal(written, name), fly.signal(listed, name))
        assert np.abs(disk.signal(written, "mix_both")).max() <= 0.9 + 1 / 32768
    assert not list(fly.folder.rglob("*.wav"))


def test_speakers_may_follow_each_other(make: Make) -> None:
    corpus = make(mode="max", overlap=0, n_train=3, n_valid=0, n_test=0)
    assert not corpus.mixtures("valid")
    for mixture in corpus.mixtures("train"):
        first, second = (corpus.signal(mixture, name)[0] for name in ("s1", "s2"))
        assert not np.any((first != 0) & (second != 0))
        assert np.any(second[-2000:]) and np.any(first[:2000])


def test_in_a_room_all_ring_and_the_target_is_the_early_part(make: Make, recordings: Path) -> None:
    rooms = {"rooms": {"hall": {"path": str(recordings / "rirs")}}, "sample_rate": 16000, "n_train": 3, "n_valid": 0}
    dry = make("dry", sample_rate=16000, n_train=3, n_valid=0)
    early, whole = make("early", **rooms), make("whole", room_target="reverberant", **rooms)
    for mixtures in zip(*(corpus.mixtures("train") for corpus in (dry, early, whole)), strict=True):
        d, e, w = (c.signal(m, "s1")[0] for c, m in zip((dry, early, whole), mixtures, strict=True))
        gain = np.dot(d, e) / np.dot(d, d)
        assert np.abs(e - gain * d).max() < 0.02 * np.abs(e).max()  # nothing but the direct sound in the first 50 ms
        tail = w - e
        assert np.sqrt(np.mean(tail**2)) > 0.01 * np.sqrt(np.mean(e**2))
        both = whole.signal(mixtures[2], "mix_clean")[0] - early.signal(mixtures[1], "mix_clean")[0]
        assert np.abs(both).max() < 2 / 32768  # what is heard does not depend on the target


def test_messy_files_are_left_out_with_the_reason(recordings: Path, make: Make, tmp_path: Path) -> None:
    import shutil

    messy = tmp_path / "speech"
    shutil.copytree(recordings / "speech", messy)
    for speaker in range(7):
        write(messy / f"who{speaker}" / "silent.wav", np.zeros(12000), 8000)
    (messy / "who1" / "text.wav").write_text("no audio")
    (messy / "who0" / "cut.flac").write_bytes((messy / "who1" / "take 0.flac").read_bytes()[:6000])
    corpus = make(speech={"mine": {"path": str(messy)}})
    facts = json.loads((corpus.folder / "corpus.json").read_text())["speech"]["mine"]
    reasons = {item["path"]: item["reason"] for item in facts["skipped"]}
    assert "not audio" in reasons["who1/text.wav"]
    assert "silent" in reasons["who1/silent.wav"]
    assert "cut off" in reasons["who0/cut.flac"]
    listed = {recording.path for part in PARTS for recording in corpus.recordings("speech", part)}
    assert listed and not listed & reasons.keys()


def test_lists_for_dynamic_mixing_and_facts_are_there(make: Make, recordings: Path) -> None:
    corpus = make(noise=noise(recordings))
    assert corpus.recordings("speech", "train") and corpus.recordings("noise", "train")
    facts = json.loads((corpus.folder / "corpus.json").read_text())
    assert facts["speech"]["mine"]["licence"] == "CC0"
    assert facts["mixtures"]["mixtures"]["parts"]["train"]["mixtures"] == 6


def test_a_table_may_split_the_speech(make: Make, recordings: Path, tmp_path: Path) -> None:
    table = recordings / "table.csv"
    rows = [
        f"speech/who{s}/take {t}.{'flac' if s % 2 else 'wav'},{'train' if s < 4 else 'test'}"
        for s in range(7)
        for t in (0, 1)
    ]
    table.write_text("path,split\n" + "\n".join(rows) + "\n")
    corpus = make(
        speech={"mine": {"path": str(recordings / "speech"), "split": {"rule": "table", "table": str(table)}}}
    )
    assert {who for mixture in corpus.mixtures("test") for who in mixture.speakers} == {"who4", "who5", "who6"}
    assert not corpus.mixtures("valid")


def test_too_few_speakers_are_named_before_anything_is_made(make: Make, recordings: Path) -> None:
    with pytest.raises(InputError, match="Part train has 1 of the 2 different speakers"):
        make(speech={"mine": {"path": str(recordings / "speech"), "include": ["who0/*"]}})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rooms": {"r": {"path": "x"}}, "mixtures": "on_the_fly"}, "on_the_fly needs rooms"),
        ({"overlap": [0, 1]}, "need mode: max"),
        ({"overlap": [0, 2], "mode": "max"}, "expected shares from 0 to 1"),
        ({"noise": {"a": {"path": "x"}}}, "got twice: a"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FolderCorpus.model_validate({"kind": "folder", "speech": {"a": {"path": "x"}}, **fields})
