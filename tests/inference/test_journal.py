"""The journal survives kills, and two processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.errors import OutputError
from separate_cli.inference.journal import JOURNAL_NAME, Journal, Record

FIRST = Record("ä.wav", "1", "2", "3", {"ä_est1.wav": "4", "ä_est2.wav": "5"}, gain=0.5)
SECOND = Record("b.wav", "6", "2", "3", {"b_est1.wav": "7", "b_est2.wav": "8"}, gain=1.0)


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    Journal(tmp_path).append(FIRST)
    Journal(tmp_path).append(SECOND)
    assert Journal(tmp_path).records == [FIRST, SECOND]


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    Journal(tmp_path).append(FIRST)
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(path.read_bytes() * 2)
    path.write_bytes(path.read_bytes()[:-20])  # killed in the middle of the second line
    Journal(tmp_path).append(SECOND)
    assert Journal(tmp_path).records == [FIRST, SECOND]


def test_lines_of_something_else_are_ignored(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(b'null\n[1]\n{"source": "x"}\n\xff\xfe\n')
    assert Journal(tmp_path).records == []


def test_two_writers_keep_each_others_lines(tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    one.append(FIRST)
    other.append(SECOND)
    assert Journal(tmp_path).records == [FIRST, SECOND]


def test_a_file_is_known_by_name_and_content(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(FIRST)
    assert journal.makers("ä_est2.wav", "5") == [FIRST]
    assert journal.makers("ä_est2.wav", "other content") == []
    assert journal.makers("other name", "5") == []


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        Journal(tmp_path / "file").append(FIRST)
