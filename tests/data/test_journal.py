"""A journal survives a kill at any byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.data.journal import Journal


def write(path: Path, keys: range) -> None:
    with Journal(path) as journal:
        for key in keys:
            journal.add(f"ä{key}", {"value": key})


def test_killed_at_any_byte_it_keeps_all_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    write(path, range(4))
    content = path.read_bytes()
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        with Journal(path) as journal:
            assert list(journal.done.values()) == [{"value": key} for key in range(content[:cut].count(b"\n"))]
            journal.add("next", 1)
        with Journal(path) as journal:
            assert journal.done["next"] == 1


def test_a_result_may_be_replaced(tmp_path: Path) -> None:
    for value in (1, 2):
        with Journal(tmp_path / "done.jsonl") as journal:
            journal.add("a", value)
    with Journal(tmp_path / "done.jsonl") as journal:
        assert journal.done == {"a": 2}


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "done.jsonl") as journal:
        journal.add("a", 1)
        journal.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("garbage", [b"\x00\x01\n", b"[1]\n", b"{}\n", b"null\n"])
def test_garbage_ends_the_list_there(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "done.jsonl"
    write(path, range(2))
    with path.open("ab") as stream:
        stream.write(garbage)
    with Journal(path) as journal:
        assert len(journal.done) == 2
