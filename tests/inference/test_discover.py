"""What the user typed becomes recordings, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.inference.discover import find


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = ["a.wav", "b.FLAC", "notes.txt", ".hidden.wav", "sub/c.mp3", "sub/.cache/d.wav", "sub/deep er/e.ogg"]
    for name in names:
        path = tmp_path / "talks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*arguments: str, output: Path | None = None) -> list[str]:
    return [one.path.as_posix() for one in find(arguments, output=output)[0]]


def test_a_folder_is_searched_at_any_depth_for_visible_audio(tree: Path) -> None:
    assert names("talks") == ["talks/a.wav", "talks/b.FLAC", "talks/sub/c.mp3", "talks/sub/deep er/e.ogg"]


@pytest.mark.parametrize(
    ("pattern", "wanted", "root"),
    [
        ("talks/*.wav", ["talks/a.wav"], "talks"),
        ("talks/**/*.ogg", ["talks/sub/deep er/e.ogg"], "talks"),
        ("talks/s*/*", ["talks/sub/c.mp3"], "talks"),
        ("talks/sub/?.mp3", ["talks/sub/c.mp3"], "talks/sub"),
    ],
)
def test_patterns_that_the_shell_left_are_expanded(tree: Path, pattern: str, wanted: list[str], root: str) -> None:
    assert names(pattern) == wanted
    assert {one.root.as_posix() for one in find([pattern])[0]} == {root}


def test_absolute_patterns_work(tree: Path) -> None:
    assert names(f"{tree}/talks/*.wav") == [(tree / "talks" / "a.wav").as_posix()]


def test_a_file_is_there_once_however_often_it_is_meant(tree: Path) -> None:
    [first, *rest] = names("talks/a.wav", "talks", str(tree / "talks" / "a.wav"), "talks/*.wav")
    assert first == "talks/a.wav"
    assert rest == ["talks/b.FLAC", "talks/sub/c.mp3", "talks/sub/deep er/e.ogg"]


def test_a_file_named_by_the_user_may_have_any_suffix(tree: Path) -> None:
    assert names("talks/notes.txt") == ["talks/notes.txt"]


def test_a_file_with_brackets_in_its_name_is_no_pattern(tree: Path) -> None:
    (tree / "take [1].wav").touch()
    assert names("take [1].wav") == ["take [1].wav"]


def test_the_output_folder_is_not_searched(tree: Path) -> None:
    assert names("talks", output=Path("talks/sub")) == ["talks/a.wav", "talks/b.FLAC"]


@pytest.mark.parametrize(
    ("argument", "says"),
    [("nowhere.wav", "no file or folder"), ("talks/*.aiff", "No audio file matches"), ("empty", "holds no audio")],
)
def test_what_means_nothing_is_told_and_the_rest_is_found(tree: Path, argument: str, says: str) -> None:
    (tree / "empty").mkdir()
    found, wrong = find([argument, "talks/a.wav"])
    assert [one.path.as_posix() for one in found] == ["talks/a.wav"]
    assert [name for name, _ in wrong] == [argument]
    assert says in wrong[0][1].message
    assert wrong[0][1].hint


def test_a_name_that_the_system_refuses_is_told(tree: Path) -> None:
    _, [(name, error)] = find(["x" * 5000])
    assert name == "x" * 5000
    assert error.hint
