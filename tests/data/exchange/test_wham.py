"""WHAM!'s JSON lists: written, read again, and read by the data set of that name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from separate_cli.data import WhamDataset
from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.wham import read_wham, write_wham
from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.errors import InputError

from .conftest import absolute

OnDisk = tuple[Corpus, list[Mixture]]


def test_what_was_written_is_read_again(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    files = write_wham(rows, corpus, tmp_path)
    assert {file.relative_to(tmp_path).as_posix() for file in files} >= {
        "tr/s1.json",
        "cv/mix_both.json",
        "tt/noise.json",
    }
    expected = {row.id: replace(absolute(corpus, row), speakers=()) for row in rows}
    assert {row.id: row for row in read_wham(tmp_path)} == expected


def test_the_data_set_of_that_name_reads_it(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    write_wham(rows, corpus, tmp_path)
    examples = WhamDataset(tmp_path / "tr", "sep_noisy", segment=None)
    assert [mixture.id for mixture in examples.mixtures] == [row.id for row in rows[:2]]


def test_names_of_wsj0_mix_and_whamr_are_known_here_too(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    (clean, s1) = (rows[0].signals[name] for name in ("mix_clean", "s1"))
    assert isinstance(clean, Piece) and isinstance(s1, Piece)
    theirs = replace(rows[0], signals={"mix": clean, "mix_both_anechoic": clean, "s1_anechoic": s1})
    write_wham([theirs], corpus, tmp_path)
    (found,) = read_wham(tmp_path)
    assert found.signals["mix_clean"] == found.signals["mix"] and found.signals["s1"] == found.signals["s1_anechoic"]
    assert found.signals["mix_both"] == found.signals["mix_both_anechoic"]


def test_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="no JSON lists"):
            read_wham(folder)
