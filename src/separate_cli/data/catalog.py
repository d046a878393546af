"""Corpora that can be had by name: where they are, what is in them, under which licence. Rows, not code.

    catalog.toml --pydantic--> Corpus: Part, Part, ...
                               Part: one or more units that are unpacked on their own
                               Unit: one file, or the pieces of one archive

What nobody has published is not there: a file without a checksum gets one when it is first downloaded (``data.pins``).
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from separate_cli.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Corpus", "File", "Part", "Unit", "corpus_called", "known_corpora", "read_catalog"]

_TABLE = Path(__file__).with_name("catalog.toml")
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
Name = Annotated[str, Field(pattern=f"^{_PLAIN}$")]
Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+/")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Row):
    """A file as it is offered.

    Attributes:
        name: Its name, below the mirrors' addresses; for a file that is no archive, also below the corpus's folder.
        bytes: Its length.
        checksum: ``sha256:…`` or ``md5:…``.
        source: Who says so.
        urls: Where it is, if not below the mirrors.
        stable: Whether the address always gives the same bytes.
    """

    name: Annotated[str, Field(pattern=f"^{_PLAIN}(/{_PLAIN})*$")]
    bytes: PositiveInt | None = None
    checksum: Annotated[str, Field(pattern=r"^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$")] | None = None
    source: str = ""
    urls: tuple[Address, ...] = ()
    stable: bool = True

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, row: Any) -> Any:
        return {"name": row} if isinstance(row, str) else row

    @model_validator(mode="after")
    def _has_source(self) -> File:
        if self.checksum and not self.source:
            raise ValueError("a checksum needs its source")
        return self


class Unit(_Row):
    """What is unpacked on its own: one file, or the pieces of one archive in their order."""

    name: str
    files: tuple[File, ...]

    @property
    def bytes(self) -> int | None:
        """Length of all files; None if one is unknown."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)


class Part(_Row):
    """A part of a corpus that can be had on its own.

    Attributes:
        name: What the user writes.
        about: What it is, in a few words.
        files: What is downloaded.
        holds: Files or folders, below the corpus's folder, that are there when the part is.
        into: Folder below the corpus's folder that archives are unpacked in.
        top: Leading folder of the archives that is left out.
        joined: Name of the one archive that the files are pieces of.
        unpack: Whether the files are archives.
        roughly: About how many bytes are downloaded, where nobody says exactly.
        unpacked: About how many bytes it takes when unpacked.
        optional: Whether it comes only when asked for.
        mirrors: Addresses that end in ``/`` and hold the files; the corpus's if empty.
        zenodo: Number of the record on Zenodo that holds the files.
    """

    name: Name
    about: str = ""
    files: tuple[File, ...]
    holds: tuple[str, ...] = ()
    into: str = ""
    top: str = ""
    joined: str = ""
    unpack: bool = True
    roughly: PositiveInt | None = None
    unpacked: PositiveInt | None = None
    optional: bool = False
    mirrors: tuple[Address, ...] = ()
    zenodo: PositiveInt | None = None

    def units(self) -> tuple[Unit, ...]:
        """What is unpacked on its own."""
        if self.joined:
            return (Unit(name=self.joined, files=self.files),)
        return tuple(Unit(name=file.name, files=(file,)) for file in self.files)

    @property
    def bytes(self) -> int | None:
        """Bytes to download; None if unknown."""
        return Unit(name=self.name, files=self.files).bytes


class Corpus(_Row):
    """A corpus.

    Attributes:
        name: What the user writes.
        title: What people call it.
        about: What it is, in one line.
        folder: Its folder in ``data/``.
        layout: Where a file of it is, below ``data/``.
        licence: What its publisher asks for.
        licence_url: Where that is written.
        consent: Whether the user must have accepted it first: research only, or restricted.
        author: Who made it.
        url: Its page.
        needs: Other corpora that it is made from.
        manual: How to get it by hand, if nobody may download it otherwise; ``{folder}`` is where it goes.
        expansion: How many times its archives' bytes it is when unpacked, about.
        mirrors: Addresses that end in ``/`` and hold the files, in the order in which they are asked.
        zenodo: Number of the record on Zenodo that holds the files.
        parts: Its parts.
    """

    name: Name
    title: str
    about: str
    folder: Name
    layout: str
    licence: str
    licence_url: str = ""
    consent: bool = False
    author: str
    url: str
    needs: tuple[str, ...] = ()
    manual: str = ""
    expansion: PositiveFloat = 1.0
    mirrors: tuple[Address, ...] = ()
    zenodo: PositiveInt | None = None
    parts: tuple[Part, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Corpus:
        names = [part.name for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError("two parts have the same name")
        files = [file.name for part in self.parts for file in part.files]
        if len(set(files)) < len(files):
            raise ValueError("two files have the same name")
        for part in self.parts:
            if not part.holds:
                raise ValueError(f"{part.name}: what does it hold?")
            for file in part.files:
                if not (file.urls or self.addresses(part)):
                    raise ValueError(f"{part.name}: where is {file.name}?")
        if not self.manual and not any(part.files for part in self.parts):
            raise ValueError("it has no files and no instructions")
        return self

    def addresses(self, part: Part) -> tuple[str, ...]:
        """Where the files of a part are: mirrors, or the record on Zenodo."""
        if part.mirrors:
            return part.mirrors
        zenodo = self.record(part)
        return self.mirrors if zenodo is None else (f"https://zenodo.org/records/{zenodo}/files/",)

    def record(self, part: Part) -> int | None:
        """Number of the record on Zenodo that holds the files of a part."""
        return None if part.mirrors else (part.zenodo or self.zenodo)

    def choose(self, names: Sequence[str] | None) -> tuple[Part, ...]:
        """The parts called ``names``; those that are not optional if None; all for ``all``.

        Raises:
            UsageError: If there is no such part.
        """
        if not names:
            return tuple(part for part in self.parts if not part.optional)
        if "all" in names:
            return self.parts
        known = {part.name: part for part in self.parts}
        for name in names:
            if name not in known:
                raise UsageError(f"{self.title} has no part {name!r}.", hint=f"Its parts are: {', '.join(known)}.")
        return tuple(part for part in self.parts if part.name in names)

    def disk_bytes(self, part: Part) -> int | None:
        """About how many bytes a part takes when unpacked; None if that is not known."""
        packed = part.bytes or part.roughly
        if part.unpacked is not None or packed is None:
            return part.unpacked
        return round(packed * (self.expansion if part.unpack else 1.0))


def known_corpora() -> tuple[Corpus, ...]:
    """Every corpus of the catalog, in its order."""
    return tuple(_by_name().values())


def corpus_called(name: str) -> Corpus:
    """The corpus called ``name``, in any case.

    Raises:
        UsageError: If there is none; the hint names the closest.

    >>> corpus_called("LibriSpeech").folder
    'LibriSpeech'
    """
    found = _by_name().get(name.casefold().replace("_", "-"))
    if found is None:
        close = difflib.get_close_matches(name.casefold(), _by_name(), n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        raise UsageError(f"There is no corpus {name!r} in the catalog.", hint=hint + "See: sep data ls")
    return found


def read_catalog(text: str) -> tuple[Corpus, ...]:
    """Read and check a catalog.

    Raises:
        ValueError: If it is not TOML, or a row is wrong.
    """
    document = tomllib.loads(text)
    try:
        return tuple(Corpus.model_validate(row) for row in document["corpus"])
    except (ValidationError, KeyError) as error:
        raise ValueError(f"The catalog is wrong: {error}") from error


@cache
def _by_name() -> Mapping[str, Corpus]:
    return {row.name: row for row in read_catalog(_TABLE.read_text(encoding="utf-8"))}
