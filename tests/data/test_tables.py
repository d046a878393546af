"""CSV files: what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.data.tables import read_table, write_table
from separate_cli.errors import InputError


def test_what_is_written_is_read_with_unix_line_ends(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", ["name", "gain"], [["x, y", 0.1], ["z", 1e-20]])
    assert (tmp_path / "a.csv").read_bytes() == b'name,gain\n"x, y",0.1\nz,1e-20\n'
    assert read_table(tmp_path / "a.csv", ["gain"]) == [{"name": "x, y", "gain": "0.1"}, {"name": "z", "gain": "1e-20"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,c\n1,2\n", "has no column b"),
        ("x,y\n", "has no column a and no column b"),
        ("a,b\n1\n", r":2: expected 2 values"),
        ("a,b\n1,2\n1,2,3\n", r":3: expected 2 values"),
    ],
)
def test_a_table_of_another_kind_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "a.csv", ["a", "b"])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\xff\xfe\n")
    with pytest.raises(InputError, match="Cannot read the table"):
        read_table(tmp_path / "a.csv", ["a"])
