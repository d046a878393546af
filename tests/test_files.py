"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from separate_cli.errors import OutputError
from separate_cli.files import atomic_path, check_space, hash_file, write_json


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(("number", "why"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")])
def test_the_reason_is_said_in_words(tmp_path: Path, number: int, why: str) -> None:
    with pytest.raises(OutputError, match=why), atomic_path(tmp_path / "a"):
        raise OSError(number, "system text")


def test_a_path_below_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write"), atomic_path(tmp_path / "file" / "a"):
        pass


def test_json_is_byte_stable_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    write_json(tmp_path / "b.json", {"a": "ü", "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "c.json", float("nan"))
    assert not (tmp_path / "c.json").exists()


def test_hash_is_sha256_of_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    (tmp_path / "a").write_bytes(content)
    assert hash_file(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_what_does_not_fit_is_said_before_it_is_written(tmp_path: Path) -> None:
    check_space(tmp_path / "not" / "yet", 1.0, what="A file")
    with pytest.raises(OutputError, match=r"A film will take about 1000000000\.0 GB"):
        check_space(tmp_path / "not" / "yet", 1e18, what="A film")
