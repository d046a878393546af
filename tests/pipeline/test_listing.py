from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.errors import InputError
from separate_cli.pipeline.listing import files_in, matcher


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_patterns_match_at_any_depth_whatever_the_case_and_hidden_files_never(tmp_path: Path) -> None:
    fill(tmp_path, "a.wav", "b/C.WAV", "b/c/d.flac", "b/note.txt", ".DS_Store", "b/._c.wav", ".cache/x.wav")
    assert files_in(tmp_path, ["**/*.wav", "**/*.flac"]) == ["a.wav", "b/C.WAV", "b/c/d.flac"]
    assert files_in(tmp_path) == ["a.wav", "b/C.WAV", "b/c/d.flac", "b/note.txt"]
    assert files_in(tmp_path, ["*.wav"]) == ["a.wav"]


def test_linked_folders_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    fill(tmp_path, "store/x.wav")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "link").symlink_to(tmp_path / "store", target_is_directory=True)
    (tmp_path / "store" / "back").symlink_to(tmp_path / "corpus", target_is_directory=True)
    assert files_in(tmp_path / "corpus", ["**/*.wav"]) == ["link/x.wav"]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a/*/c.wav", "a/b/c.wav", True),
        ("a/*/c.wav", "a/b/x/c.wav", False),
        ("a/**/c.wav", "a/c.wav", True),
        ("a/**/c.wav", "a/b/x/c.wav", True),
        ("?.wav", "a.wav", True),
        ("?.wav", "ab.wav", False),
        ("a+b (1).wav", "a+b (1).wav", True),
        ("examples/**", "examples/1/mix.wav", True),
    ],
)
def test_pattern(pattern: str, path: str, matches: bool) -> None:
    assert (matcher([pattern]).fullmatch(path) is not None) == matches


def test_no_patterns_match_nothing() -> None:
    assert matcher([]).fullmatch("") is None


def test_missing_folder_is_an_input_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"speech: cannot read .*nowhere"):
        files_in(tmp_path / "nowhere", name="speech")


def test_order_does_not_depend_on_the_file_system(tmp_path: Path) -> None:
    names = ["b.wav", "B/a.wav", "a/z.wav", "a.wav", "a-b.wav"]
    fill(tmp_path, *names)
    assert files_in(tmp_path) == sorted(names)
