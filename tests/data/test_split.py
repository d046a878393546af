"""Splits are disjoint in speakers, and depend on names only."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.data.split import split
from separate_cli.errors import InputError
from separate_cli.specs.prepare import SplitByFolder, SplitByFraction, SplitBySpeaker, SplitByTable

SPEAKERS = {f"{who}/{take}.wav": f"speaker{who}" for who in range(40) for take in range(3)}


def speakers_of(parts: dict[str, str], part: str) -> set[str]:
    return {SPEAKERS[path] for path, where in parts.items() if where == part}


def test_a_fraction_takes_whole_speakers_of_the_asked_number() -> None:
    parts = split(SPEAKERS, SplitByFraction(valid=0.2, test=0.1), root=Path())
    groups = [speakers_of(parts, part) for part in ("train", "valid", "test")]
    assert [len(group) for group in groups] == [28, 8, 4]
    assert len(set.union(*groups)) == 40


def test_a_fraction_does_not_depend_on_the_order_of_files_but_on_the_seed() -> None:
    rule = SplitByFraction(valid=0.3, test=0.0)
    forwards = split(SPEAKERS, rule, root=Path())
    backwards = split(dict(reversed(SPEAKERS.items())), rule, root=Path())
    assert forwards == backwards
    assert forwards != split(SPEAKERS, SplitByFraction(valid=0.3, test=0.0, seed=1), root=Path())


def test_a_small_share_of_few_speakers_is_at_least_one() -> None:
    few = {path: who for path, who in SPEAKERS.items() if who in {"speaker1", "speaker2", "speaker3"}}
    parts = split(few, SplitByFraction(valid=0.1, test=0.1), root=Path())
    assert sorted(parts.values()) == ["test"] * 3 + ["train"] * 3 + ["valid"] * 3


def test_folders_of_librispeech_name_their_part() -> None:
    paths = ["train-clean-100/1/2/1-2-3.flac", "dev-clean/4/5/4-5-6.flac", "test-other/7/8/7-8-9.flac"]
    parts = split(dict.fromkeys(paths, "x"), SplitByFolder(), root=Path())
    assert list(parts.values()) == ["train", "valid", "test"]


def test_listed_speakers_leave_the_training() -> None:
    parts = split(SPEAKERS, SplitBySpeaker(valid=("speaker3",), test=("speaker5", "speaker6")), root=Path())
    assert speakers_of(parts, "valid") == {"speaker3"}
    assert speakers_of(parts, "test") == {"speaker5", "speaker6"}
    assert len(speakers_of(parts, "train")) == 37


def test_a_table_decides_by_path_and_leaves_out_what_it_does_not_name(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("path,split\nclips/a.wav,tr\nclips/b.wav,cv\nclips/c.wav,unused\n", encoding="utf-8")
    parts = split(
        dict.fromkeys(["a.wav", "b.wav", "c.wav", "d.wav"], "x"),
        SplitByTable(table=table),
        root=tmp_path / "clips",
        table=table,
    )
    assert parts == {"a.wav": "train", "b.wav": "valid"}


def test_a_table_without_the_column_says_so(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("file,split\na.wav,train\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column path"):
        split({"a.wav": "x"}, SplitByTable(table=table), root=tmp_path, table=table)
