from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from separate_cli.errors import InputError
from separate_cli.pipeline import hashes
from separate_cli.pipeline.hashes import HashCache

PAST = time.time() - 3600


def write(path: Path, content: bytes, when: float = PAST) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when, when))
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files are really read."""
    seen: list[Path] = []
    real = hashes.hash_file

    def counted(path: Path) -> str:
        seen.append(path)
        return real(path)

    monkeypatch.setattr(hashes, "hash_file", counted)
    return seen


def test_hash_is_sha256_of_the_content(tmp_path: Path) -> None:
    with HashCache() as cache:
        assert cache.file(write(tmp_path / "a", b"abc")) == hashlib.sha256(b"abc").hexdigest()


def test_file_is_read_once_also_by_later_processes(tmp_path: Path, reads: list[Path]) -> None:
    file = write(tmp_path / "a", b"abc")
    for _ in range(3):
        with HashCache(tmp_path / "cache.sqlite") as cache:
            cache.file(file)
            cache.file(file)
    assert reads == [file]


@pytest.mark.parametrize("change", ["content", "time", "inode"])
def test_changed_file_is_read_again(tmp_path: Path, reads: list[Path], change: str) -> None:
    file = write(tmp_path / "a", b"abc")
    with HashCache(tmp_path / "cache.sqlite") as cache:
        before = cache.file(file)
    if change == "content":
        write(file, b"abcd")
    elif change == "time":
        write(file, b"xyz", PAST + 10)
    else:
        write(tmp_path / "b", b"xyz").replace(file)
    with HashCache(tmp_path / "cache.sqlite") as cache:
        assert cache.file(file) == hashlib.sha256(file.read_bytes()).hexdigest() != before
    assert len(reads) == 2


def test_file_written_a_moment_ago_is_not_trusted(tmp_path: Path, reads: list[Path]) -> None:
    """It could change again within the same tick of its modification time."""
    file = write(tmp_path / "a", b"abc", time.time())
    with HashCache(tmp_path / "cache.sqlite") as cache:
        cache.file(file)
        write(file, b"xyz", file.stat().st_mtime)
        assert cache.file(file) == hashlib.sha256(b"xyz").hexdigest()


def test_what_this_process_wrote_is_remembered_without_reading(tmp_path: Path, reads: list[Path]) -> None:
    file = write(tmp_path / "a", b"abc", time.time())
    with HashCache(tmp_path / "cache.sqlite") as cache:
        cache.remember(file, "f" * 64)
    with HashCache(tmp_path / "cache.sqlite") as cache:
        assert cache.file(file) == "f" * 64
    assert not reads


def test_tree_digest_covers_names_and_contents_but_not_the_place(tmp_path: Path) -> None:
    for place in ("here", "there"):
        write(tmp_path / place / "x" / "a.wav", b"one")
        write(tmp_path / place / "b.wav", b"two")
        write(tmp_path / place / "ignored.txt", place.encode())
    with HashCache() as cache:
        here = cache.tree(tmp_path / "here", ["**/*.wav"])
        assert here == cache.tree(tmp_path / "there", ["**/*.wav"])
        assert (here.files, here.bytes) == (2, 6)
        (tmp_path / "there" / "b.wav").rename(tmp_path / "there" / "c.wav")
        assert cache.tree(tmp_path / "there", ["**/*.wav"]).digest != here.digest


def test_moved_boundary_between_name_and_content_changes_the_digest(tmp_path: Path) -> None:
    write(tmp_path / "one" / "ab", b"c")
    write(tmp_path / "two" / "a", b"bc")
    with HashCache() as cache:
        assert cache.tree(tmp_path / "one").digest != cache.tree(tmp_path / "two").digest


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
def test_damaged_cache_file_is_replaced(tmp_path: Path, reads: list[Path], content: bytes) -> None:
    (tmp_path / "cache.sqlite").write_bytes(content)
    file = write(tmp_path / "a", b"abc")
    for _ in range(2):
        with HashCache(tmp_path / "cache.sqlite") as cache:
            assert cache.file(file) == hashlib.sha256(b"abc").hexdigest()
    assert reads == [file]


def test_unusable_cache_file_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with HashCache(tmp_path / "blocked" / "cache.sqlite") as cache:
        assert cache.file(write(tmp_path / "a", b"abc")) == hashlib.sha256(b"abc").hexdigest()


def test_empty_and_missing_folders_are_input_errors(tmp_path: Path) -> None:
    with HashCache() as cache:
        with pytest.raises(InputError, match=r"speech: .* holds no file that matches \*\*/\*.wav"):
            cache.tree(tmp_path, ["**/*.wav"], name="speech")
        with pytest.raises(InputError, match="cannot read"):
            cache.tree(tmp_path / "nowhere", ["**/*.wav"], name="speech")


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_not_unicode_are_hashed_and_kept(tmp_path: Path, reads: list[Path]) -> None:
    file = write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")), b"abc")
    for _ in range(2):
        with HashCache(tmp_path / "cache.sqlite") as cache:
            assert cache.tree(tmp_path, ["*.wav"]).files == 1
    assert reads == [file]


def test_processes_that_hash_at_the_same_time_all_keep_what_they_found(tmp_path: Path, reads: list[Path]) -> None:
    files = [write(tmp_path / f"{number}", bytes([number])) for number in range(40)]
    code = (
        "import sys; from pathlib import Path; from separate_cli.pipeline.hashes import HashCache\n"
        "with HashCache(Path(sys.argv[1])) as cache: [cache.file(Path(f)) for f in sys.argv[2:]]"
    )
    cache_file = tmp_path / "cache.sqlite"
    workers = [
        subprocess.Popen([sys.executable, "-c", code, cache_file, *files[start::4]], stderr=subprocess.PIPE)
        for start in range(4)
    ]
    for worker in workers:
        assert worker.communicate()[1] == b""
        assert worker.returncode == 0
    with HashCache(cache_file) as cache:
        for number, file in enumerate(files):
            assert cache.file(file) == hashlib.sha256(bytes([number])).hexdigest()
    assert not reads
