"""LibriMix' CSV files: written, read again, and read by the data set of that name."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from corpora import mini_librimix
from separate_cli.data import LibriMix
from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.librimix import read_librimix, write_librimix
from separate_cli.data.mixtures import Mixture
from separate_cli.errors import InputError

from .conftest import absolute

OnDisk = tuple[Corpus, list[Mixture]]
SUBSETS = {"train": "train", "valid": "dev", "test": "test"}


def test_what_was_written_is_read_again(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    files = write_librimix(rows, corpus, tmp_path / "csv")
    assert len(files) == 9
    expected = [replace(absolute(corpus, row), facts={"subset": SUBSETS[row.part]}) for row in rows]
    key = lambda row: (row.part, row.id)  # noqa: E731
    found = read_librimix(tmp_path / "csv")
    assert sorted(found, key=key) == sorted(expected, key=key)


def test_columns_are_those_of_librimix(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    write_librimix(rows, corpus, tmp_path)
    with (tmp_path / "mixture_dev_mix_both.csv").open(encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert list(row) == ["mixture_ID", "mixture_path", "source_1_path", "source_2_path", "noise_path", "length"]
    assert row["mixture_path"] == str(corpus.folder / "valid" / "mix_both" / f"{row['mixture_ID']}.wav")
    assert row["length"] == "2400"


def test_the_data_set_of_that_name_reads_it(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    write_librimix(rows, corpus, tmp_path)
    examples = LibriMix(tmp_path, task="enh_both", sample_rate=8000, segment=None, part="train")
    assert [mixture.id for mixture in examples.mixtures] == [row.id for row in rows[:2]]


def test_lists_with_relative_paths_are_understood(tmp_path: Path) -> None:
    rows = read_librimix(mini_librimix.make(tmp_path, train=2, val=1))
    assert sorted(row.part for row in rows) == ["train", "train", "valid"]
    assert all(set(row.signals) == {"mix_clean", "mix_both", "mix_single", "s1", "s2", "noise"} for row in rows)
    assert rows[0].sample_rate == 8000 and rows[0].speakers == ("1010", "1011")
    assert Corpus(Path(), {}).signal(rows[0], "s1").shape == (1, rows[0].frames)


def test_mixtures_that_are_no_files_are_refused(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    added = replace(rows[0], signals={**rows[0].signals, "mix_clean": ("s1", "s2")})
    with pytest.raises(InputError, match=r"mix_clean of mixture .* is not a file") as caught:
        write_librimix([added], corpus, tmp_path)
    assert "on_disk" in caught.value.hint


def test_a_folder_without_lists_and_mixtures_of_other_names_are_refused(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    with pytest.raises(InputError, match=r"no mixture_\*\.csv"):
        read_librimix(tmp_path)
    with pytest.raises(InputError, match="No mixture has mix_clean"):
        write_librimix([replace(rows[0], signals={"mixture": rows[0].signals["mix_clean"]})], corpus, tmp_path)
