"""What comes out of an archive is what went in, however often it was begun."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from corpora.archives import special, split, tar, zipped
from separate_cli.data.extract import Entry, extract
from separate_cli.errors import InputError, OutputError

NOISE = np.random.default_rng(0).bytes(50_000)
FILES = {
    "Corpus/dev/1/a.wav": NOISE,
    "Corpus/dev/2/Grüße – ä.wav": b"x" * 3000,
    "Corpus/README.TXT": b"about\n",
    "Corpus/dev/empty.txt": b"",
}
INSIDE = {name.removeprefix("Corpus/"): content for name, content in FILES.items()}


def unpack(pieces: Path | list[Path], folder: Path, **options: object) -> list[Entry]:
    pieces = [pieces] if isinstance(pieces, Path) else pieces
    return extract(pieces, folder, name=pieces[-1].name, staging=folder / ".sep" / "x", top="Corpus", **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["c.tar", "c.tar.gz", "c.tar.bz2", "c.tar.xz", "c.zip"])
def test_every_form_gives_the_same_files_and_says_so(tmp_path: Path, name: str) -> None:
    make = zipped if name.endswith("zip") else tar
    entries = unpack(make(tmp_path / name, FILES), tmp_path / "out")
    assert contents(tmp_path / "out") == INSIDE
    assert entries == sorted(
        Entry(path, len(content), hashlib.sha256(content).hexdigest()) for path, content in INSIDE.items()
    )
    assert not (tmp_path / "out" / ".sep" / "x").exists()


@pytest.mark.parametrize("sizes", [[10_000, 20_000], [1, 2, 3]])
def test_a_tar_in_pieces_is_read_as_one(tmp_path: Path, sizes: list[int]) -> None:
    whole = tar(tmp_path / "c.tar.gz", FILES).read_bytes()
    bounds = [0, *np.cumsum(sizes), len(whole)]
    pieces = [tmp_path / f"c.tar.gz.parta{letter}" for letter in "abcd"[: len(bounds) - 1]]
    for piece, start, end in zip(pieces, bounds, bounds[1:], strict=False):
        piece.write_bytes(whole[start:end])
    unpack(pieces, tmp_path / "out")
    assert contents(tmp_path / "out") == INSIDE


@pytest.mark.parametrize("at", [[9000], [1000, 30_000], [51, 60, 70]])
def test_a_zip_in_pieces_is_read_as_one(tmp_path: Path, at: list[int]) -> None:
    unpack(split(zipped(tmp_path / "c.zip", FILES), at), tmp_path / "out")
    assert contents(tmp_path / "out") == INSIDE


def test_a_missing_piece_is_told(tmp_path: Path) -> None:
    pieces = split(zipped(tmp_path / "c.zip", FILES), [1000, 30_000])
    with pytest.raises(InputError):
        unpack(pieces[1:], tmp_path / "out")
    with pytest.raises(InputError):
        unpack(pieces[:1] + pieces[2:], tmp_path / "out")
    assert not contents(tmp_path / "out")


def test_files_join_those_of_other_parts(tmp_path: Path) -> None:
    unpack(tar(tmp_path / "a.tar", {"Corpus/dev/1.wav": b"1", "Corpus/README": b"old"}), tmp_path / "out")
    unpack(tar(tmp_path / "b.tar", {"Corpus/dev/2.wav": b"2", "Corpus/README": b"new"}), tmp_path / "out")
    assert contents(tmp_path / "out") == {"dev/1.wav": b"1", "dev/2.wav": b"2", "README": b"new"}


@pytest.mark.parametrize("name", ["c.tar.gz", "c.zip"])
def test_an_interrupted_attempt_is_completed_and_its_torn_files_are_mended(tmp_path: Path, name: str) -> None:
    archive = (zipped if name.endswith("zip") else tar)(tmp_path / name, FILES)
    staging = tmp_path / "out" / ".sep" / "x"
    (staging / "dev" / "1").mkdir(parents=True)
    (staging / "dev" / "1" / "a.wav").write_bytes(NOISE[:20_000] + b"torn")
    (staging / "README.TXT").write_bytes(b"about\nand more")
    (staging / "stray.txt").write_bytes(b"of an older archive")
    unpack(archive, tmp_path / "out")
    assert contents(tmp_path / "out") == INSIDE


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    staged = tmp_path / "out" / ".sep" / "x" / "dev" / "1" / "a.wav"
    staged.parent.mkdir(parents=True)
    staged.write_bytes(NOISE)
    before = staged.stat()
    unpack(tar(tmp_path / "c.tar.gz", FILES), tmp_path / "out")
    after = (tmp_path / "out" / "dev" / "1" / "a.wav").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("kind", "target"), [(b"1", "Corpus/dev/1/a.wav"), (b"2", "1/a.wav"), (b"2", "./../dev/1/a.wav")]
)
def test_links_inside_become_files(tmp_path: Path, kind: bytes, target: str) -> None:
    archive = tar(tmp_path / "c.tar", {**FILES, "Corpus/dev/!.wav": b""}, change=special(kind, target))
    unpack(archive, tmp_path / "out")
    path = tmp_path / "out" / "dev" / "!.wav"
    assert path.read_bytes() == NOISE
    assert not path.is_symlink()
    assert path.stat().st_nlink == 1


def test_names_in_old_encodings_are_readable(tmp_path: Path) -> None:
    archive = tar(tmp_path / "c.tar", {"Corpus/M\udcfcsik.wav": b"1"})
    unpack(archive, tmp_path / "out")
    assert contents(tmp_path / "out") == {"Müsik.wav": b"1"}

    def without_flag(path: Path, name: bytes) -> Path:
        zipped(path, {"Corpus/" + "?" * len(name): b"2"})
        path.write_bytes(path.read_bytes().replace(b"?" * len(name), name))
        return path

    unpack(without_flag(tmp_path / "u.zip", "Grüße".encode()), tmp_path / "utf8")
    assert contents(tmp_path / "utf8") == {"Grüße": b"2"}
    unpack(without_flag(tmp_path / "d.zip", "Grüße".encode("cp437")), tmp_path / "dos")
    assert contents(tmp_path / "dos") == {"Grüße": b"2"}


def test_litter_of_desktops_stays_behind(tmp_path: Path) -> None:
    unpack(
        zipped(tmp_path / "c.zip", {"__MACOSX/._a": b"1", "Corpus/.DS_Store": b"2", "Corpus/a": b"3"}), tmp_path / "o"
    )
    assert contents(tmp_path / "o") == {"a": b"3"}


def test_files_beside_the_top_folder_stay_below_the_corpus(tmp_path: Path) -> None:
    unpack(tar(tmp_path / "c.tar", {"Corpus/a": b"1", "other/b": b"2"}), tmp_path / "out")
    assert contents(tmp_path / "out") == {"a": b"1", "other/b": b"2"}


@pytest.mark.parametrize("name", ["c.tar", "c.tar.gz", "c.tar.bz2", "c.tar.xz", "c.zip"])
def test_an_archive_that_is_cut_short_anywhere_is_told_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    archive = (zipped if name.endswith("zip") else tar)(tmp_path / name, FILES)
    whole = archive.read_bytes()
    needed = len(whole.rstrip(b"\0")) if name == "c.tar" else len(whole)
    for length in [0, 1, 5, 300, 511, needed // 2, needed - 9, needed - 1]:
        archive.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"is not a whole archive|holds no files"):
            unpack(archive, tmp_path / "out")
        assert not contents(tmp_path / "out")


@pytest.mark.parametrize("name", ["c.tar.gz", "c.zip"])
def test_a_flipped_bit_is_found(tmp_path: Path, name: str) -> None:
    archive = (zipped if name.endswith("zip") else tar)(tmp_path / name, FILES)
    content = bytearray(archive.read_bytes())
    content[20_000] ^= 1
    archive.write_bytes(content)
    with pytest.raises(InputError, match="is not a whole archive"):
        unpack(archive, tmp_path / "out")
    assert not contents(tmp_path / "out")


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"", b"\0" * 2000, b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.zip").write_bytes(content)
    with pytest.raises(InputError):
        unpack(tmp_path / "c.zip", tmp_path / "out")


def test_a_folder_in_the_way_is_the_users_to_fix(tmp_path: Path) -> None:
    (tmp_path / "out" / "README.TXT").mkdir(parents=True)
    with pytest.raises(OutputError):
        unpack(tar(tmp_path / "c.tar", FILES), tmp_path / "out")
    (tmp_path / "out" / "README.TXT").rmdir()
    unpack(tmp_path / "c.tar", tmp_path / "out")
    assert contents(tmp_path / "out") == INSIDE
