"""Checks: each kind of fault is found, nothing else is, whoever looks and however often it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpora import mixtures
from separate_cli.data import check as module
from separate_cli.data.check import Checked, Expected, check
from separate_cli.data.check_lists import expected_of_corpus, expected_of_folder, expected_of_list
from separate_cli.data.corpus import Corpus
from separate_cli.data.manifest import read_recordings, write_recordings
from separate_cli.data.mixtures import Mixture, Piece, read_mixtures, write_mixtures
from separate_cli.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "audio"
    (root / "deep").mkdir(parents=True)
    for number in range(3):
        wave = 0.1 * np.random.default_rng(number).standard_normal(800)
        soundfile.write(root / "deep" / f"{number}.wav", wave, 8000)
    return root


def look(files: list[Expected], tmp_path: Path, **options: str) -> Checked:
    return check(files, tmp_path / "journal.jsonl", **options)


def faults(files: list[Expected], tmp_path: Path) -> list[tuple[str, str]]:
    return [(Path(fault.path).name, fault.kind) for fault in look(files, tmp_path).faults]


def test_a_whole_folder_has_no_faults(folder: Path, tmp_path: Path) -> None:
    found = look(expected_of_folder(folder), tmp_path)
    assert found == Checked(3, pytest.approx(0.3), [])
    assert not (tmp_path / "journal.jsonl").exists()


SPOILERS: dict[str, Callable[[Path], object]] = {
    "unreadable": lambda path: path.write_bytes(path.read_bytes()[:900]),
    "nan": lambda path: soundfile.write(path, np.r_[0.1, np.nan], 8000, subtype="FLOAT"),
    "silent": lambda path: soundfile.write(path, np.c_[np.zeros(80), np.ones(80) / 2], 8000),
    "clipped": lambda path: soundfile.write(path, np.r_[0.1, 1, 1, 1, 1], 8000),
    "duplicate": lambda path: path.write_bytes(path.with_name("0.wav").read_bytes()),
}


@pytest.mark.parametrize("kind", SPOILERS)
def test_each_fault_of_a_folder_is_found(folder: Path, tmp_path: Path, kind: str) -> None:
    SPOILERS[kind](folder / "deep" / "1.wav")
    assert faults(expected_of_folder(folder), tmp_path) == [("1.wav", kind)]


def test_silent_files_are_no_duplicates_of_each_other(folder: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        soundfile.write(folder / "deep" / f"{number}.wav", np.zeros(80), 8000)
    assert faults(expected_of_folder(folder), tmp_path) == [("1.wav", "silent"), ("2.wav", "silent")]


def test_recordings_are_held_against_their_list(corpus: Corpus, tmp_path: Path) -> None:
    assert look(expected_of_corpus(corpus), tmp_path).faults == []
    path = corpus.folder / "speech.jsonl"
    first, second, third, fourth, *rest = read_recordings(path)
    wrong = [
        replace(first, sample_rate=8000),
        replace(second, frames=second.frames + 1),
        replace(third, channels=2),
        replace(fourth, path="train-clean/gone.flac"),
    ]
    write_recordings(path, [*wrong, *rest])
    kinds = [kind for _, kind in faults(expected_of_corpus(corpus), tmp_path)]
    assert sorted(kinds) == ["channels", "length", "missing", "rate"]


def test_the_same_speech_in_two_parts_is_named(corpus: Corpus, tmp_path: Path) -> None:
    path = corpus.folder / "speech.jsonl"
    first, *rest = read_recordings(path)
    root = tmp_path / "copies"
    root.mkdir()
    wave, rate = soundfile.read(corpus.roots["speech"] / first.path)
    soundfile.write(root / "copy.wav", wave, rate)
    copy = replace(first, corpus="copies", path="copy.wav", part="test")
    write_recordings(path, [first, copy, *rest])
    (fault,) = look(expected_of_corpus(Corpus(corpus.folder, {**corpus.roots, "copies": root})), tmp_path).faults
    assert fault.kind == "duplicate" and "in test" in fault.detail and "in train" in fault.detail


def test_mixtures_on_disk_have_the_rate_and_length_of_their_row(tmp_path: Path) -> None:
    mixtures.make(tmp_path / "prepared", [2, 2])
    manifest = tmp_path / "prepared" / "mixtures.jsonl"
    assert look(expected_of_list(manifest, {}), tmp_path) == Checked(6, pytest.approx(1.8), [])
    one, two = read_mixtures(manifest)
    write_mixtures(manifest, [replace(one, frames=one.frames + 1), replace(two, sample_rate=16000)])
    assert sorted(faults(expected_of_list(manifest, {}), tmp_path)) == [
        *((f"0-{name}.wav", "length") for name in ("noise", "s1", "s2")),
        *((f"1-{name}.wav", "rate") for name in ("noise", "s1", "s2")),
    ]


def test_pieces_must_be_inside_their_files(folder: Path, tmp_path: Path) -> None:
    pieces = {
        "s1": Piece("deep/0.wav", "audio", start=300, frames=500),
        "s2": Piece("deep/0.wav", "audio", start=301, frames=500, channel=1),
        "s3": Piece("deep/1.wav", "audio", frames=9000, crossfade=100),
    }
    write_mixtures(tmp_path / "mixtures.jsonl", [Mixture("m", "train", 8000, 500, pieces)])
    files = expected_of_list(tmp_path / "mixtures.jsonl", {})  # the folder audio lies beside the list
    assert len(files) == 2
    found = look(files, tmp_path).faults
    assert [(fault.kind, fault.detail) for fault in found] == [
        ("length", "800 samples, at least 801 are used"),
        ("channels", "1 channels, number 2 is used"),
    ]


def test_sources_may_be_the_same_but_mixtures_may_not(tmp_path: Path) -> None:
    mixtures.make(tmp_path / "prepared", [1])
    manifest = tmp_path / "prepared" / "mixtures.jsonl"
    (one,) = read_mixtures(manifest)
    same = {"s1": Piece("wav/0-s1.wav"), "mix_clean": Piece("wav/0-s2.wav")}
    (tmp_path / "prepared/wav/0-s2.wav").write_bytes((tmp_path / "prepared/wav/0-s1.wav").read_bytes())
    write_mixtures(manifest, [replace(one, signals=same)])
    assert faults(expected_of_list(manifest, {}), tmp_path) == []
    (tmp_path / "prepared/wav/1-mix.wav").write_bytes((tmp_path / "prepared/wav/0-s1.wav").read_bytes())
    other = replace(one, id="other", signals={"mix_clean": Piece("wav/1-mix.wav")})
    write_mixtures(manifest, [replace(one, signals=same), other])
    assert faults(expected_of_list(manifest, {}), tmp_path) == [("1-mix.wav", "duplicate")]


def test_a_corpus_that_is_not_found_is_asked_for(corpus: Corpus) -> None:
    with pytest.raises(InputError, match="names files of speech") as caught:
        expected_of_corpus(Corpus(corpus.folder, {}))
    assert "--corpus speech=FOLDER" in caught.value.hint


def test_a_check_that_was_stopped_goes_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = expected_of_folder(folder)
    seen: list[str] = []

    def stop_after_two(path: Path) -> object:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(path.name)
        return inspect(path)

    inspect = module.inspect
    monkeypatch.setattr(module, "inspect", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        look(files, tmp_path)
    soundfile.write(folder / "deep" / "0.wav", np.zeros(99), 8000)  # changed meanwhile: looked at again
    monkeypatch.setattr(module, "inspect", lambda path: seen.append(path.name) or inspect(path))
    assert faults(files, tmp_path) == [("0.wav", "silent")]
    assert seen == ["0.wav", "1.wav", "0.wav", "2.wav"]


def test_two_processes_find_the_same(folder: Path, tmp_path: Path) -> None:
    for kind, spoil in list(SPOILERS.items())[:3]:
        soundfile.write(folder / f"{kind}.wav", 0.1 * np.random.default_rng(9).standard_normal(800), 8000)
        spoil(folder / f"{kind}.wav")
    files = expected_of_folder(folder)
    assert look(files, tmp_path) == look(files, tmp_path, executor="local:2")
