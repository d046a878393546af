"""What is in an archive, member by member, read once from front to back.

    pieces (one file, or several in order) --tar, tar.gz, tar.bz2, tar.xz, zip--> Member, Member, ...

A member's content is to be read before the next member is asked for. Nothing is written here.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from separate_cli.data.archive_names import refused
from separate_cli.data.pieces_reader import Joined
from separate_cli.errors import InputError

__all__ = ["Member", "checked", "members"]

_MOST_MEMBERS = 5_000_000
_LARGEST_HEADER_BYTES = 1 << 20
"""A tar header with a long name or attributes; it is read into memory."""
_HEADERS = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_PACKED: Mapping[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_LONGEST_TAIL_BYTES = 64 << 20
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    Args:
        name: As the archive has it.
        kind: File, folder, or a link: ``"hard"`` and ``"soft"``.
        size: Bytes of a file, as the archive says.
        target: Where a link leads, as the archive says.
        content: Bytes of a file.
    """

    name: str
    kind: Literal["file", "folder", "hard", "soft"]
    size: int = 0
    target: str = ""
    content: IO[bytes] | None = None


def members(pieces: Sequence[Path], *, name: str, on_read: Callable[[int], None] = lambda _: None) -> Iterator[Member]:
    """Go through an archive; to be used under ``checked``.

    Args:
        pieces: The file, or the files that it was split into, in order.
        name: Its name, for messages.
        on_read: Told how many bytes of the archive were read.

    Raises:
        RefusedError: If it holds what is neither file, folder nor link, or is made to overwhelm.
    """
    with io.BufferedReader(Joined(pieces, on_read), 1 << 20) as raw:
        start = raw.read(8)
        raw.seek(0)
        found = _zip_members(raw, pieces, name) if start.startswith(_ZIP_STARTS) else _tar_members(raw, start, name)
        for number, member in enumerate(found):
            if number >= _MOST_MEMBERS:
                raise refused(name, f"it holds more than {_MOST_MEMBERS} files")
            yield member


@contextmanager
def checked(name: str) -> Iterator[None]:
    """Turn the many ways in which damaged archives show themselves, here and in their content, into one error.

    Raises:
        InputError: If ``name`` is damaged.
    """
    try:
        yield
    except _DAMAGE as error:
        raise _damaged(name, error) from error
    except OSError as error:
        if error.errno is not None:
            raise InputError(f"Cannot read {name}: {error.strerror}.", hint="Check the disk.") from error
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> InputError:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return InputError(f"{name} is encrypted.", hint="Unpack it yourself, with the password that you were given.")
    detail = str(error).rstrip(".") or "it is cut short"
    return InputError(
        f"{name} is not a whole archive: {detail}.", hint="It is damaged or something else: get it again."
    )


class _TarInfo(tarfile.TarInfo):
    """Refuses headers that would fill the memory, and takes only the mark at its end as the end of an archive."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: Any, errors: str) -> Any:
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # typeshed lacks it
            raise
        except tarfile.HeaderError as error:  # the library would take it as the end
            raise tarfile.ReadError(str(error)) from error
        if info.type in _HEADERS and info.size > _LARGEST_HEADER_BYTES:
            raise refused("The archive", f"one of its headers has {info.size} bytes")
        return info


def _tar_members(raw: Any, start: bytes, name: str) -> Iterator[Member]:
    opener = next((opener for magic, opener in _PACKED.items() if start.startswith(magic)), None)
    stream: Any = raw if opener is None else opener(raw)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_TarInfo) as archive:
        for info in archive:
            yield _from_tar(archive, info, name)
    left = _LONGEST_TAIL_BYTES
    while tail := stream.read(1 << 20):  # to its end, where the checksum of the packing is
        left -= len(tail)
        if left < 0:
            raise refused(name, "it goes on after its end")


def _from_tar(archive: tarfile.TarFile, info: tarfile.TarInfo, name: str) -> Member:
    called = _readable(info.name)
    if info.isdir():
        return Member(called, "folder")
    if info.islnk() or info.issym():
        return Member(called, "hard" if info.islnk() else "soft", target=_readable(info.linkname))
    if not info.isreg() or info.sparse is not None:
        raise refused(name, f"it holds {called!r}, which is a device or something else that is no file")
    return Member(called, "file", info.size, content=archive.extractfile(info))


def _readable(name: str) -> str:
    """A name whose bytes were no UTF-8, in the older encoding of the West."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


def _zip_members(raw: Any, pieces: Sequence[Path], name: str) -> Iterator[Member]:
    sizes = [piece.stat().st_size for piece in pieces]
    with zipfile.ZipFile(raw) as archive:
        infos = archive.infolist()
        _join_disks(infos, sizes)
        if sum(info.compress_size for info in infos) > sum(sizes):
            raise refused(name, "its members overlap")
        for info in infos:
            yield _from_zip(archive, info, name)


def _join_disks(infos: Sequence[zipfile.ZipInfo], sizes: Sequence[int]) -> None:
    """Let the offsets of a split zip (.z01, .z02, ..., .zip) count from the start of the first piece."""
    if len(sizes) > 1:
        starts = [sum(sizes[:number]) for number in range(len(sizes))]
        for info in infos:
            if info.volume >= len(sizes):
                raise zipfile.BadZipFile("a piece is missing")
            info.header_offset += starts[info.volume] - starts[-1]


def _from_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Member:
    called = _zip_name(info)
    mode = info.external_attr >> 28  # the type of file, where the archive comes from Unix
    if info.is_dir():
        return Member(called, "folder")
    if mode == 0xA:
        target = archive.read(info) if info.file_size < 4096 else b""
        return Member(called, "soft", target=target.decode("utf-8", "replace"))
    if mode not in {0, 0x8}:
        raise refused(name, f"it holds {called!r}, which is a device or something else that is no file")
    return Member(called, "file", info.file_size, content=archive.open(info))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Old zips have names without saying in which encoding: mostly UTF-8 in truth, where that fits."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename
