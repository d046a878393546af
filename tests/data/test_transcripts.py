from __future__ import annotations

from pathlib import Path

from separate_cli.data.transcripts import transcript_of


def test_words_of_a_recording_are_in_the_list_of_its_chapter(tmp_path: Path) -> None:
    (tmp_path / "84-7.trans.txt").write_text("84-7-0000 GO ON\n84-7-0001  DO YOU\n84-7-0002\n", encoding="utf-8")
    assert transcript_of(tmp_path / "84-7-0000.flac") == "GO ON"
    assert transcript_of(tmp_path / "84-7-0001.wav") == "DO YOU"
    assert transcript_of(tmp_path / "84-7-0002.flac") is None
    assert transcript_of(tmp_path / "84-7-0003.flac") is None
    assert transcript_of(tmp_path / "84-8-0000.flac") is None
    assert transcript_of(tmp_path / "other" / "noise.wav") is None
