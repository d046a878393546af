"""Manifests are sorted, byte-stable, and say where they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.data.manifest import Recording, read_recordings, write_recordings
from separate_cli.errors import InputError

RECORDINGS = [
    Recording("b", "x/ü.wav", "train", "1", 16000, 100, 1),
    Recording("a", "z.flac", "test", "2", 8000, 200, 2),
    Recording("b", "a b.wav", "valid", "1", 16000, 300, 1),
]


def test_what_was_written_is_read_back_sorted(tmp_path: Path) -> None:
    write_recordings(tmp_path / "list.jsonl", RECORDINGS)
    assert read_recordings(tmp_path / "list.jsonl") == sorted(RECORDINGS)


def test_order_of_writing_does_not_change_a_byte(tmp_path: Path) -> None:
    write_recordings(tmp_path / "one", RECORDINGS)
    write_recordings(tmp_path / "two", reversed(RECORDINGS))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes().startswith(b'{"channels": 2, "corpus": "a"')


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "list:2"), ("[1]", "list:2: expected a JSON object"), ('{"corpus": "a"}', "list:2: missing or unknown")],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    write_recordings(tmp_path / "list", RECORDINGS[:1])
    with (tmp_path / "list").open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(InputError, match=message):
        read_recordings(tmp_path / "list")


def test_a_missing_manifest_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Cannot read"):
        read_recordings(tmp_path / "none.jsonl")
