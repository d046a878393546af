"""Archives for tests: honest ones of several forms, and hostile ones that no honest tool would write."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

Files = Mapping[str, bytes]


def tar(path: Path, files: Files, *, change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> Path:
    """A tar, packed as its name says."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            change(info)
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(plain.getvalue()))
    return path


def zipped(path: Path, files: Files, *, change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> Path:
    """A zip; names are taken as they are."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, content)
    return path


def special(kind: bytes, target: str = "") -> Callable[[tarfile.TarInfo], None]:
    """Makes every member whose name holds ``!`` a link, device, or the like."""

    def change(info: tarfile.TarInfo) -> None:
        if "!" in info.name:
            info.type, info.linkname, info.size = kind, target, 0

    return change


def split(path: Path, at: list[int]) -> list[Path]:
    """Cut a zip into pieces as ``zip -s`` does: x.z01, x.z02, ..., x.zip, offsets counted from the start of a piece."""
    whole = path.read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    size, start = struct.unpack("<LL", whole[end + 12 : end + 20])
    bounds = [0, *at, len(whole)]
    disk_of = lambda offset: max(n for n in range(len(bounds) - 1) if bounds[n] <= offset)  # noqa: E731
    body, position = bytearray(whole), start
    while position < start + size:
        name, extra, comment = struct.unpack("<HHH", body[position + 28 : position + 34])
        (offset,) = struct.unpack("<L", body[position + 42 : position + 46])
        disk = disk_of(offset)
        body[position + 34 : position + 36] = struct.pack("<H", disk)
        body[position + 42 : position + 46] = struct.pack("<L", offset - bounds[disk])
        position += 46 + name + extra + comment
    last = len(bounds) - 2
    assert disk_of(start) == last, "the directory must be in the last piece"
    body[end + 4 : end + 8] = struct.pack("<HH", last, last)
    body[end + 16 : end + 20] = struct.pack("<L", start - bounds[last])
    pieces = [path.with_suffix(f".z{n + 1:02}") for n in range(last)] + [path]
    for number, piece in enumerate(pieces):
        piece.write_bytes(body[bounds[number] : bounds[number + 1]])
    return pieces
