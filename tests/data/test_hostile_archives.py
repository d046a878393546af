"""Hostile archives are refused, with nothing written outside the folder and nothing kept inside."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.archives import special, tar, zipped
from separate_cli.data.extract import extract
from separate_cli.errors import InputError, RefusedError

OUTSIDE = [
    "../x",
    "a/../../x",
    "/tmp/x",
    "..\\x",
    "a\\..\\..\\x",
    "\\x",
    "C:\\x",
    "C:x",
    "c:/x",
    "a/b/../../../x",
    "..",
]
PLACED = "Corpus/a.wav"


def unpack(archive: Path, folder: Path) -> None:
    extract([archive], folder, name=archive.name, staging=folder / ".sep" / "x", top="Corpus")


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def assert_refused(archive: Path, why: str = "is refused") -> None:
    """It is refused with exit code 5; nothing but the archive is on the disk."""
    root = archive.parent
    with pytest.raises(RefusedError, match=why) as caught:
        unpack(archive, root / "deep" / "out")
    assert caught.value.exit_code == 5
    assert caught.value.hint
    assert everything(root) == {archive.name}


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_members_that_lead_outside(tmp_path: Path, name: str, kind: str) -> None:
    make = zipped if kind == "zip" else tar
    assert_refused(make(tmp_path / f"c.{kind}", {PLACED: b"1", name: b"2"}), "leads outside")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../x", "..\\..\\..\\x", "C:\\x", "nowhere.wav", ".", ""])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_that_lead_outside_or_nowhere(tmp_path: Path, target: str, kind: bytes) -> None:
    assert_refused(tar(tmp_path / "c.tar", {PLACED: b"1", "Corpus/d/!": b""}, change=special(kind, target)), "link")


def test_writing_through_a_link(tmp_path: Path) -> None:
    files = {"Corpus/!dir": b"", "Corpus/!dir/x": b"2"}
    assert_refused(tar(tmp_path / "c.tar", files, change=special(tarfile.SYMTYPE, "/tmp")), "link")


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../../x"])
def test_links_in_a_zip(tmp_path: Path, target: bytes) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.create_system, info.external_attr = 3, 0xA1FF << 16

    assert_refused(zipped(tmp_path / "c.zip", {"Corpus/link": target}, change=change), "link")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE + b""])
def test_devices_and_the_like(tmp_path: Path, kind: bytes) -> None:
    archive = tar(tmp_path / "c.tar", {PLACED: b"1", "Corpus/!": b""}, change=special(kind))
    if kind == tarfile.CONTTYPE:  # an old word for a file
        unpack(archive, tmp_path / "out")
        assert (tmp_path / "out" / "!").read_bytes() == b""
    else:
        assert_refused(archive, "device")


def test_devices_in_a_zip(tmp_path: Path) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.create_system, info.external_attr = 3, 0x21FF << 16

    assert_refused(zipped(tmp_path / "c.zip", {"Corpus/null": b""}, change=change), "device")


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize(
    "names",
    [("a", "a"), ("a", "./a"), ("a/b", "a//b"), ("a", "a/b"), ("a/b", "a"), ("\u00e9", "e\u0301"), ("a", "Corpus/a")],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_there_twice(tmp_path: Path, kind: str, names: tuple[str, str]) -> None:
    path = tmp_path / f"c.{kind}"
    if kind == "tar":
        with tarfile.open(path, "w") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    else:
        with zipfile.ZipFile(path, "w") as packed:
            for name in names:
                packed.writestr(name, b"")
    assert_refused(path, "twice")


@pytest.mark.parametrize("name", ["Corpus/\x1b[31m.wav", "Corpus/a\nb", "Corpus/a\u202eb", "x" * 256, "a/" * 70 + "x"])
def test_names_that_play_tricks(tmp_path: Path, name: str) -> None:
    assert_refused(tar(tmp_path / "c.tar", {name: b"1"}))


@pytest.mark.parametrize("name", [".sep/all/x.json", "Corpus/.sep/x", "Corpus/.SEP/x"])
def test_our_own_notes_cannot_be_forged(tmp_path: Path, name: str) -> None:
    assert_refused(tar(tmp_path / "c.tar", {name: b"{}"}), "place of our own")


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_bombs(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("separate_cli.data.extract._ALWAYS_FINE_BYTES", 1 << 20)
    make = zipped if kind == "zip" else tar
    assert_refused(make(tmp_path / f"c.{kind}", {f"Corpus/{n}": bytes(700_000) for n in range(5)}), "swells")


def test_a_bomb_that_claims_to_be_small(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "c.zip", {PLACED: bytes(5_000_000)})
    true_size, small = (5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    archive.write_bytes(archive.read_bytes().replace(true_size, small))
    with pytest.raises(InputError):
        unpack(archive, tmp_path / "out")
    assert everything(tmp_path) == {"c.zip"}


def test_a_bomb_behind_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("separate_cli.data.archives._LONGEST_TAIL_BYTES", 1 << 20)
    archive = tar(tmp_path / "c.tar", {PLACED: b"1"})
    packed = gzip.compress(archive.read_bytes() + bytes(5_000_000))
    archive.unlink()
    (tmp_path / "c.tar.gz").write_bytes(packed)
    assert_refused(tmp_path / "c.tar.gz", "after its end")


def test_a_header_that_would_fill_the_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("./@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    (tmp_path / "c.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    assert_refused(tmp_path / "c.tar", "headers")


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    """Many entries of a directory point to one packed file: small on disk, huge when unpacked."""
    archive = zipped(tmp_path / "c.zip", {"Corpus/a0": b"ab" * 500, "Corpus/a1": b"ab" * 500})
    content = archive.read_bytes()
    directory = content.index(b"PK\x01\x02")
    entry = content[directory : content.index(b"PK\x01\x02", directory + 4)]
    names = [f"{a}{b}".encode() for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    count, entries = len(names), b"".join(entry.replace(b"a0", name) for name in names)
    end = bytearray(content[content.rindex(b"PK\x05\x06") :])
    end[8:12] = count.to_bytes(2, "little") * 2
    end[12:16] = len(entries).to_bytes(4, "little")
    archive.write_bytes(content[:directory] + entries + end)
    with pytest.raises((RefusedError, InputError)):
        unpack(archive, tmp_path / "out")
    assert everything(tmp_path) == {"c.zip"}


def test_sparse_files_of_tar(tmp_path: Path) -> None:
    info = tarfile.TarInfo("Corpus/sparse")
    info.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[483:495] = b"77777777777\0"  # the size that it claims to have
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    (tmp_path / "c.tar").write_bytes(bytes(block) + bytes(10_240))
    assert_refused(tmp_path / "c.tar", "no file")


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 4000), value=st.binary(min_size=1, max_size=8), kind=st.sampled_from(["tar", "zip"]))
def test_whatever_is_in_an_archive_it_ends_in_files_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: bytes, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    make = zipped if kind == "zip" else tar
    archive = make(folder / f"c.{kind}", {PLACED: bytes(range(256)) * 3, "Corpus/b/c.wav": b"2", "Corpus/d": b"3"})
    content = bytearray(archive.read_bytes())
    position %= len(content)
    content[position : position + len(value)] = value
    archive.write_bytes(content)
    try:
        unpack(archive, folder / "deep" / "out")
    except (RefusedError, InputError):
        assert everything(folder) == {archive.name}
    else:
        assert {name.split("/")[0] for name in everything(folder)} <= {archive.name, "deep"}
