"""Another place that holds the files of corpora: a web address or a folder, for sites without internet and for trials.

mirror/FILE, mirror/CORPUS/FILE or mirror/PATH-OF-THE-ORIGINAL/FILE --find--> Found
mirror's SHA256SUMS, md5sum.txt, FILE.sha256, ... --checksum--> "sha256:…"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from separate_cli.errors import InputError, RemoteError
from separate_cli.net.addresses import shown
from separate_cli.net.session import Client, HttpError

__all__ = ["Found", "Mirror"]

_LISTS = ("{name}.sha256", "SHA256SUMS", "sha256sum.txt", "{name}.md5", "MD5SUMS", "md5sum.txt", "checksum.md5")
_LARGEST_LIST_BYTES = 4 << 20
_ABSENT = frozenset({403, 404, 410})
_ENTRY = re.compile(r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})(?:\s+\*?(.+?))?\s*$")


@dataclass(frozen=True)
class Found:
    """A file that a mirror has.

    Args:
        urls: Where it is, if the mirror is an address.
        local: Where it is, if the mirror is a folder.
        bytes: Its length; None if the server does not say.
    """

    urls: tuple[str, ...] = ()
    local: Path | None = None
    bytes: int | None = None


class Mirror:
    """A web address or a folder.

    Raises:
        InputError: If it is a folder that is not there.
    """

    def __init__(self, place: str | Path) -> None:
        text = str(place)
        if text.startswith("file://"):
            text = url2pathname(unquote(urlsplit(text).path))
        self._url = text.rstrip("/") + "/" if re.match(r"https?://", text) else None
        self._folder = Path(text).expanduser()
        if self._url is None and not self._folder.is_dir():
            raise InputError(f"The mirror {text} is no folder.", hint="Give a folder, or an address with http(s)://.")

    def __str__(self) -> str:
        return str(self._folder) if self._url is None else shown(self._url)

    def find(self, name: str, corpus: str, originals: Sequence[str], *, client: Client) -> Found:
        """Look for a file.

        Args:
            name: Its name in the catalog.
            corpus: The corpus that it belongs to.
            originals: Where it was published.
            client: Asks the server.

        Raises:
            InputError: If it is not in the folder.
            RemoteError: If it is not at the address, or the server does not answer.
        """
        places = list(dict.fromkeys(_places(name, corpus, originals)))
        for place in places:
            found = self._local(place) if self._url is None else self._remote(self._url + quote(place), client)
            if found is not None:
                return found
        kind = InputError if self._url is None else RemoteError
        raise kind(f"The mirror {self} does not have {name}.", hint=f"It may be there as: {', '.join(places)}.")

    def checksum(self, found: Found, *, client: Client) -> str | None:
        """What the mirror's own list says about a file that it has; None if it has no list."""
        name = found.local.name if found.local else unquote(PurePosixPath(urlsplit(found.urls[0]).path).name)
        for pattern in _LISTS:
            text = self._list(found, pattern.format(name=name), client)
            for line in text.splitlines():
                match = _ENTRY.match(line)
                if match and (match[2] is None or PurePosixPath(match[2]).name == name):
                    return f"{'md5' if len(match[1]) == 32 else 'sha256'}:{match[1].lower()}"
        return None

    def _local(self, place: str) -> Found | None:
        path = self._folder / place
        return Found(local=path, bytes=path.stat().st_size) if path.is_file() else None

    @staticmethod
    def _remote(url: str, client: Client) -> Found | None:
        """What is at an address; servers that do not know ``HEAD`` are asked for the file, which is not read."""
        headers = {"Accept-Encoding": "identity"}
        try:
            response = client.request("HEAD", url, headers=headers, retry=False)
        except RemoteError as error:
            if isinstance(error, HttpError) and error.status in _ABSENT:
                return None
            response = client.request("GET", url, headers=headers, stream=True)
        with response:
            length = response.headers.get("Content-Length", "")
            return Found(urls=(url,), bytes=int(length) if length.isascii() and length.isdigit() else None)

    @staticmethod
    def _list(found: Found, name: str, client: Client) -> str:
        """The text of a list beside the file; empty if there is none."""
        if found.local is not None:
            path = found.local.with_name(name)
            is_list = path.is_file() and path.stat().st_size <= _LARGEST_LIST_BYTES
            return path.read_text(encoding="utf-8", errors="replace") if is_list else ""
        url = found.urls[0].rsplit("/", 1)[0] + "/" + quote(name)
        try:
            with client.request("GET", url, check=False, stream=True) as response:
                if response.status_code != 200:
                    return ""
                return next(response.iter_content(_LARGEST_LIST_BYTES), b"").decode("utf-8", "replace")
        except RemoteError:
            return ""


def _places(name: str, corpus: str, originals: Sequence[str]) -> Iterator[str]:
    yield name
    yield f"{corpus}/{name}"
    for url in originals:
        yield unquote(urlsplit(url).path).lstrip("/")
