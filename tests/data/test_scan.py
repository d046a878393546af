"""A folder is read completely, in order, whatever lies in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.data import scan as scanning
from separate_cli.data.journal import Journal
from separate_cli.data.scan import Scan, find_audio, name_speakers, scan
from separate_cli.errors import InputError
from separate_cli.specs.prepare import SpeechFolder, SplitBySpeaker


def look(root: Path, journal: Path, **options: object) -> Scan:
    spec = SpeechFolder(path=root, **{"speaker": "folder", "split": SplitBySpeaker(), **options})  # type: ignore[arg-type]
    with Journal(journal) as opened:
        return scan("mine", spec, root, min_seconds=0.05, journal=opened)


def write(path: Path, n: int, rate: int = 8000, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros((n, channels)), rate)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "audio"
    write(root / "bob" / "2.wav", 1600)
    write(root / "Ann" / "1.FLAC", 2400, 16000, 2)
    write(root / "bob" / "1.wav", 800)
    write(root / "bob" / ".hidden.wav", 800)
    write(root / "bob" / "short.wav", 399)
    (root / "bob" / "broken.wav").write_bytes(b"RIFFnonsense")
    (root / "readme.txt").write_text("no audio")
    return root


def test_files_are_found_sorted_without_dot_files_and_texts(folder: Path) -> None:
    assert find_audio(folder) == ["Ann/1.FLAC", "bob/1.wav", "bob/2.wav", "bob/broken.wav", "bob/short.wav"]
    assert find_audio(folder, include=("Ann/*",)) == ["Ann/1.FLAC"]


def test_facts_of_each_file_and_reasons_for_each_left_out(folder: Path, tmp_path: Path) -> None:
    found = look(folder, tmp_path / "journal")
    assert [(r.path, r.speaker, r.sample_rate, r.frames, r.channels) for r in found.recordings] == [
        ("Ann/1.FLAC", "Ann", 16000, 2400, 2),
        ("bob/1.wav", "bob", 8000, 800, 1),
        ("bob/2.wav", "bob", 8000, 1600, 1),
    ]
    reasons = {item.path: item.reason for item in found.skipped}
    assert "shorter than" in reasons["bob/short.wav"]
    assert "not audio that can be read" in reasons["bob/broken.wav"]


def test_a_second_look_reads_no_unchanged_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = look(folder, tmp_path / "journal")
    read: list[str] = []
    probe = scanning.probe
    monkeypatch.setattr(scanning, "probe", lambda path: read.append(path.name) or probe(path))
    write(folder / "bob" / "2.wav", 1234)
    second = look(folder, tmp_path / "journal")
    assert sorted(read) == ["2.wav", "broken.wav"]
    assert [r.frames for r in second.recordings] == [2400, 800, 1234]
    assert second.recordings[:2] == first.recordings[:2]


def test_librispeech_names_tell_the_speaker() -> None:
    paths = ["train-clean-100/103/1240/103-1240-0000.flac", "intro.wav"]
    assert name_speakers(paths, "librispeech") == {paths[0]: "103"}
    assert name_speakers(["wav48/p225/p225_001.wav"], r"(?P<speaker>p\d+)_") == {"wav48/p225/p225_001.wav": "p225"}


def test_a_wrong_layout_names_the_field_to_change(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not tell the speaker") as caught:
        look(folder, tmp_path / "journal", speaker="librispeech")
    assert "speaker" in caught.value.hint


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        find_audio(tmp_path / "none")
    with pytest.raises(InputError, match="There is no audio file"):
        find_audio(tmp_path)
