"""A corpus from its name to its folder: downloaded, verified, unpacked; what is here already stays.

    name, parts --catalog--> units not here yet --offers: where, which checksum--> room on the disk? --> downloads
        --each unit as it is complete--> unpacked into to/FOLDER, noted in to/FOLDER/.sep --> archive deleted

Killed at any time, the next call goes on: files in the middle, archives that are whole are not read again.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separate_cli.data.arrivals import Lot, bring
from separate_cli.data.catalog import Corpus, Part, Unit, corpus_called
from separate_cli.data.consent import ask_consent
from separate_cli.data.landing import Landing
from separate_cli.data.mirrors import Mirror
from separate_cli.data.offers import Offers
from separate_cli.errors import OutputError, RefusedError
from separate_cli.net.session import Client
from separate_cli.pipeline.lock import hold
from separate_cli.progress import SILENT, Progress
from separate_cli.report.amounts import size as amount

__all__ = ["Fetched", "Order", "fetch", "fetch_order"]


@dataclass(frozen=True)
class Order:
    """What is to be fetched.

    Args:
        corpus: The corpus.
        parts: Its parts.
        to: Folder that holds the folders of corpora.
        mirror: Where to get the files instead; an address or a folder.
        keep_archives: Do not delete archives once they are unpacked.
        wait: Wait for another process at work on the same corpus, instead of failing.
    """

    corpus: Corpus
    parts: tuple[Part, ...]
    to: Path
    mirror: str | Path | None = None
    keep_archives: bool = False
    wait: bool = False

    @property
    def landing(self) -> Landing:
        """Notes of what is here."""
        return Landing(self.to / self.corpus.folder)

    def missing(self) -> list[tuple[Part, Unit]]:
        """What is not here yet, or no longer whole."""
        landing = self.landing
        return [
            (part, unit)
            for part in self.parts
            for unit in part.units()
            if not landing.is_done(part, unit, thoroughly=True)
        ]


@dataclass(frozen=True)
class Fetched:
    """What has been fetched.

    Args:
        folder: The corpus's folder.
        units: What came now: part, name, files, and how each file was verified.
    """

    folder: Path
    units: tuple[dict[str, Any], ...]


def fetch(
    name: str,
    parts: Sequence[str] | None = None,
    *,
    to: Path,
    mirror: str | Path | None = None,
    accept_licence: bool = False,
    progress: Progress = SILENT,
) -> Path:
    """Make sure that a corpus, or parts of it, are here.

    Args:
        name: Its name in the catalog (``sep data ls``).
        parts: Which parts; the usual ones if None.
        to: Folder that holds the folders of corpora, for example ``data``.
        mirror: Address or folder that has the files, instead of where they are published.
        accept_licence: Accept the licence, where it must be accepted first; remembered.
        progress: Where to report progress.

    Returns:
        The corpus's folder.

    Raises:
        UsageError: If there is no such corpus or part.
        RefusedError: If the licence is not accepted, the corpus must be got by hand, or an archive is hostile.
        RemoteError: If it cannot be had, or is not what was published.
        OutputError: If there is no room for it.
    """
    corpus = corpus_called(name)
    order = Order(corpus, corpus.choose(parts), Path(to), mirror)
    return fetch_order(order, accept_licence=accept_licence, progress=progress).folder


def fetch_order(order: Order, *, accept_licence: bool = False, progress: Progress = SILENT) -> Fetched:
    """Carry out an order; see ``fetch``."""
    corpus, landing = order.corpus, order.landing
    if corpus.manual:
        if landing.state(corpus) == "missing":
            raise RefusedError(
                f"{corpus.title} is not for download: {corpus.licence}.",
                hint=corpus.manual.format(folder=landing.folder),
            )
        return Fetched(landing.folder, ())
    if not order.missing():
        return Fetched(landing.folder, ())
    ask_consent(corpus, accept=accept_licence)
    with hold(landing.lock, wait=order.wait), Client() as client:
        missing = order.missing()  # another process may have been at work meanwhile
        mirror = None if order.mirror is None else Mirror(order.mirror)
        offers = Offers(corpus, mirror, client)
        lots = [Lot(part, unit, tuple(offers.of(part, file) for file in unit.files)) for part, unit in missing]
        _check_room(order, lots)
        arrivals = bring(corpus, lots, landing, keep_archives=order.keep_archives, progress=progress)
        return Fetched(landing.folder, tuple(arrivals))


def _check_room(order: Order, lots: Sequence[Lot]) -> None:
    """Fail before anything is downloaded, not after hours."""
    needed = sum(lot.to_come(order.landing) + lot.unpacked(order.corpus) for lot in lots)
    disk = next(folder for folder in (order.landing.folder, *order.landing.folder.parents) if folder.is_dir())
    free = shutil.disk_usage(disk).free
    if needed > free:
        raise OutputError(
            f"{order.corpus.title} needs about {amount(needed)} on the disk of {disk}; {amount(free)} are free.",
            hint="Free some space, choose another disk with --to, or fewer parts with --parts.",
        )
