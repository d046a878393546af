"""Units of a corpus as they arrive: downloaded side by side, unpacked one after the other, noted, archives deleted.

Lot (part, unit, offers) --receive--> files --extract--> corpus's folder --> note
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separate_cli.data.catalog import Corpus, Part, Unit
from separate_cli.data.downloads import Received, receive
from separate_cli.data.extract import Entry, extract
from separate_cli.data.landing import Landing
from separate_cli.data.offers import Offer
from separate_cli.data.pins import unseal
from separate_cli.errors import InputError, OutputError, RefusedError
from separate_cli.files import atomic_path, hash_file
from separate_cli.net.partial import Partial
from separate_cli.progress import Progress

__all__ = ["Lot", "bring"]


@dataclass(frozen=True)
class Lot:
    """A unit and where its files can be had.

    Args:
        part: The part that it belongs to.
        unit: The unit.
        offers: An offer for each of its files.
    """

    part: Part
    unit: Unit
    offers: tuple[Offer, ...]

    @property
    def is_stand_in(self) -> bool:
        """Whether a file of it is not the published one."""
        return any(offer.is_stand_in for offer in self.offers)

    def place(self, landing: Landing, offer: Offer) -> Path:
        """Where one of its files goes."""
        return landing.archive(offer.file.name) if self.part.unpack else landing.folder / offer.file.name

    @property
    def _guess(self) -> int:
        """Bytes of a file whose length nobody says; 0 if nobody knows that either."""
        return (self.part.roughly or 0) // len(self.part.files)

    def to_come(self, landing: Landing) -> int:
        """Bytes that are still to be downloaded, as far as is known."""
        left = 0
        for offer in self.offers:
            place = self.place(landing, offer)
            if offer.local is None and not place.is_file():
                left += max(0, (offer.bytes or self._guess) - Partial(place).offset)
        return left

    def unpacked(self, corpus: Corpus) -> int:
        """About how many bytes it takes in the end, besides its archives; 0 if nobody knows."""
        size = sum(offer.bytes or self._guess for offer in self.offers)
        if not self.part.unpack:
            return size if any(offer.local for offer in self.offers) else 0
        if self.part.unpacked is not None and not self.is_stand_in:
            return self.part.unpacked // len(self.part.units())
        return round(size * corpus.expansion)


def bring(
    corpus: Corpus, lots: Sequence[Lot], landing: Landing, *, keep_archives: bool, progress: Progress
) -> Iterator[dict[str, Any]]:
    """Download all files, and unpack each unit as soon as its files are here.

    Args:
        corpus: The corpus.
        lots: What is wanted.
        landing: Where it goes.
        keep_archives: Do not delete archives once they are unpacked.
        progress: Where to report progress.

    Yields:
        What was noted about each unit.

    Raises:
        RemoteError: If a file cannot be had, or is not what it must be.
        RefusedError: If an archive is hostile.
        InputError: If an archive is damaged.
        OutputError: If something cannot be written.
    """
    wanted = [(offer, lot.place(landing, offer)) for lot in lots for offer in lot.offers]
    here: dict[str, Received] = {}
    waiting = list(lots)
    with closing(receive(wanted, corpus=corpus.name, title=corpus.title, progress=progress)) as coming:
        for received in coming:
            here[received.offer.file.name] = received
            for lot in [lot for lot in waiting if all(offer.file.name in here for offer in lot.offers)]:
                waiting.remove(lot)
                files = [here[offer.file.name] for offer in lot.offers]
                _land(corpus, lot, files, landing, progress)
                _clear(lot, files, keep_archives=keep_archives)
                yield landing.facts(lot.part, lot.unit)


def _land(corpus: Corpus, lot: Lot, files: Sequence[Received], landing: Landing, progress: Progress) -> None:
    """Put a unit in its place and note it."""
    sources = [file.facts() for file in files]
    if lot.part.unpack:
        entries = _unpack(corpus, lot, files, landing, progress)
    else:
        entries = [_place(file, lot.place(landing, file.offer)) for file in files]
    for file in files:
        file.pin(corpus.name)
    about = {"corpus": corpus.name, "part": lot.part.name, "unit": lot.unit.name, "licence": corpus.licence}
    landing.note(lot.part, lot.unit, entries, {**about, "sources": sources})
    progress.tell("fetched", f"{corpus.title}: {lot.unit.name} is here.", part=lot.part.name, files=len(entries))


def _unpack(corpus: Corpus, lot: Lot, files: Sequence[Received], landing: Landing, progress: Progress) -> list[Entry]:
    try:
        entries = extract(
            [file.path for file in files],
            landing.folder / lot.part.into,
            name=lot.unit.name,
            staging=landing.staging(lot.unit),
            top=lot.part.top,
            unpacked=None if lot.is_stand_in else lot.unpacked(corpus) or None,
            progress=progress,
        )
    except OutputError:
        raise
    except (RefusedError, InputError):
        for file in files:  # the next call gets it anew
            file.discard()
        raise
    into = f"{lot.part.into}/" if lot.part.into else ""
    return [Entry(into + entry.path, entry.bytes, entry.sha256) for entry in entries]


def _place(file: Received, place: Path) -> Entry:
    """A file that is no archive: it is in its place already, unless it comes from a mirror that is a folder."""
    if file.path != place:
        with atomic_path(place) as temporary:
            shutil.copyfile(file.path, temporary)
    algorithm, _, digest = file.checksum.partition(":")
    return Entry(file.offer.file.name, place.stat().st_size, digest if algorithm == "sha256" else hash_file(place))


def _clear(lot: Lot, files: Sequence[Received], *, keep_archives: bool) -> None:
    for file in files:
        if lot.part.unpack and not keep_archives:
            file.discard()
        elif not lot.part.unpack and file.offer.local is None:
            unseal(file.path)
