"""Where a file of a corpus can be had now, and what it must be.

    catalog row, pin, record on Zenodo --------------> Offer: addresses, checksum, length, how that is known
    mirror (address or folder), its list of checksums -/

A mirror holds the published files. A file of another length there is a stand-in, for trials: it is compared with the
mirror's own list of checksums (``SHA256SUMS``, ``md5sum.txt``, ``FILE.sha256``, ...), or with nothing, which is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from separate_cli.data.catalog import Corpus, File, Part
from separate_cli.data.mirrors import Mirror
from separate_cli.data.pins import find_pin
from separate_cli.errors import RemoteError
from separate_cli.net.session import Client
from separate_cli.settings import zenodo_url

__all__ = ["Offer", "Offers", "Proof"]

Proof = Literal["published", "pinned", "mirror", "nothing"]
"""What a file is compared with: a published checksum, that of the first download, a mirror's own list, nothing."""


@dataclass(frozen=True)
class Offer:
    """A file that can be had.

    Args:
        file: Its row.
        urls: Where it is, in order.
        local: Where it is on this disk, in a mirror that is a folder.
        checksum: What it must be; None if nobody knows.
        bytes: Its length; None if nobody knows.
        proof: How that is known.
        is_stand_in: Whether it is not the published file.
    """

    file: File
    urls: tuple[str, ...]
    local: Path | None = None
    checksum: str | None = None
    bytes: int | None = None
    proof: Proof = "nothing"
    is_stand_in: bool = False


class Offers:
    """Finds out what can be had of a corpus.

    Args:
        corpus: The corpus.
        mirror: Where to get its files instead of where the catalog says.
        client: Asks the servers.
    """

    def __init__(self, corpus: Corpus, mirror: Mirror | None, client: Client) -> None:
        self._corpus = corpus
        self._mirror = mirror
        self._client = client
        self._records: dict[int, dict[str, tuple[int, str, str]]] = {}

    def of(self, part: Part, file: File) -> Offer:
        """What can be had of one file.

        Raises:
            RemoteError: If nobody can be asked.
            InputError: If the mirror does not have it.
        """
        offer = self._known(part, file)
        if self._mirror is not None:
            return self._mirrored(offer)
        record = self._corpus.record(part)
        if record is None or file.urls:
            return offer
        page = f"{zenodo_url()}/records/{record}/files/{quote(file.name)}?download=1"
        if offer.checksum is not None:
            return replace(offer, urls=(page,))
        size, checksum, link = self._on_zenodo(record, file.name)
        return replace(offer, urls=(link, page), checksum=checksum, bytes=size, proof="published")

    def _known(self, part: Part, file: File) -> Offer:
        urls = file.urls or tuple(base + quote(file.name) for base in self._corpus.addresses(part))
        pin = find_pin(self._corpus.name, file.name) if file.stable and file.checksum is None else None
        if pin is not None:
            return Offer(file, urls, checksum=pin.checksum, bytes=pin.bytes, proof="pinned")
        proof: Proof = "nothing" if file.checksum is None else "published"
        return Offer(file, urls, checksum=file.checksum, bytes=file.bytes, proof=proof)

    def _mirrored(self, offer: Offer) -> Offer:
        if self._mirror is None:
            return offer
        found = self._mirror.find(offer.file.name, self._corpus.name, offer.urls, client=self._client)
        here = replace(offer, urls=found.urls, local=found.local)
        is_other = None not in {found.bytes, offer.bytes} and found.bytes != offer.bytes
        if offer.checksum is not None and not is_other:
            return here
        checksum = self._mirror.checksum(found, client=self._client)
        return replace(
            here,
            checksum=checksum,
            bytes=found.bytes,
            proof="nothing" if checksum is None else "mirror",
            is_stand_in=is_other,
        )

    def _on_zenodo(self, record: int, name: str) -> tuple[int, str, str]:
        """Length, checksum and address of a file, as its record on Zenodo says."""
        if record not in self._records:
            document = self._client.get_json(f"{zenodo_url()}/api/records/{record}")
            try:
                self._records[record] = {
                    entry["key"]: (int(entry["size"]), str(entry["checksum"]), str(entry["links"]["self"]))
                    for entry in document["files"]
                }
            except (KeyError, TypeError, ValueError) as error:
                raise RemoteError(
                    f"Record {record} on Zenodo does not list its files.", hint="It may be restricted: see its page."
                ) from error
        try:
            size, checksum, link = self._records[record][name]
        except KeyError as error:
            raise RemoteError(f"Record {record} on Zenodo has no file {name}.", hint="It may have changed.") from error
        return size, checksum if ":" in checksum else f"md5:{checksum}", link
