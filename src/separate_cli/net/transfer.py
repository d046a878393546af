"""One file from one address, in as many attempts as it takes.

    what is here --Range: bytes=N-, If-Range: "etag"--> 206: add   200: start anew   416: start anew   lost: wait, again

An attempt that brought something new makes up for the failures before it: a bad line ends only what stands still.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from separate_cli.errors import RemoteError
from separate_cli.net.addresses import shown
from separate_cli.net.partial import Origin, Partial
from separate_cli.net.responses import refusal
from separate_cli.net.session import Client
from separate_cli.net.waiting import backoff_seconds
from separate_cli.progress import Progress, ProgressTask

if TYPE_CHECKING:
    import requests

__all__ = ["Transfer"]

_BLOCK_BYTES = 1 << 16
_MOST_ATTEMPTS = 10_000
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)$")


class _Lost(Exception):
    """The connection ended before the file did."""


class Transfer:
    """Brings a file from one address; called by pooch as its downloader.

    Args:
        url: The address.
        path: Where the file will be in the end; its unfinished bytes are beside it.
        checksum: Known checksum of the whole, compared afterwards.
        size: Known length of the whole.
        client: Asks the server.
        progress: Where to report progress.

    Attributes:
        is_stitched: Whether the file was put together from more than one answer.
    """

    def __init__(
        self, url: str, path: Path, checksum: str | None, size: int | None, *, client: Client, progress: Progress
    ) -> None:
        self.url = url
        self.checksum = checksum
        self.is_stitched = False
        self._name = path.name
        self._size = size
        self._partial = Partial(path)
        self._client = client
        self._progress = progress
        self._shown = 0

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Write the whole file to ``output_file``."""
        self.is_stitched = False
        self._drop_unusable()
        total = self._whole_size
        self._shown = 0
        with self._progress.task(self._name, total=total and total / 1e6, unit="MB") as task:
            self._report(task)
            self._until_whole(task)
        with self._partial.open() as stream:
            os.fsync(stream.fileno())
        self._partial.data.replace(output_file)

    @property
    def _whole_size(self) -> int | None:
        """Bytes of the whole file: known, or as the server said."""
        origin = self._partial.origin
        return self._size if self._size is not None or origin is None else origin.size

    def _drop_unusable(self) -> None:
        """Keep earlier bytes only if they are of the same content as what comes."""
        origin = self._partial.origin
        is_same = origin is not None and origin.source == Origin.hashed(self.url) and origin.etag is not None
        is_fitting = self._size is None or self._partial.offset <= self._size
        if origin is None or not is_fitting or (self.checksum is None and not is_same):
            self._partial.restart()

    def _until_whole(self, task: ProgressTask) -> None:
        failures, furthest = 0, self._partial.offset
        for _ in range(_MOST_ATTEMPTS):
            try:
                self._attempt(task)
            except _Lost as lost:
                offset = self._partial.offset
                failures = 0 if offset > furthest else failures + 1
                furthest = max(furthest, offset)
                if failures > self._client.retries:
                    raise RemoteError(
                        f"{shown(self.url)} stops after {offset} bytes, again and again: {lost}.",
                        hint="What came is kept: run the same command again later, or use another mirror.",
                    ) from None
                self._client.sleep(backoff_seconds(max(failures, 1)))
            else:
                return
        raise RemoteError(f"{shown(self.url)} never comes to an end.", hint="Use another mirror.")

    def _attempt(self, task: ProgressTask) -> None:
        """Ask for what is missing and write it.

        Raises:
            _Lost: If there is more to come.
        """
        self._drop_unusable()
        offset, origin = self._partial.offset, self._partial.origin
        if origin is not None and offset and offset == self._whole_size:
            return
        headers = {"Accept-Encoding": "identity"}
        if offset and origin is not None:
            headers["Range"] = f"bytes={offset}-"
            if origin.etag is not None and origin.source == Origin.hashed(self.url):
                headers["If-Range"] = origin.etag
        downgrade = self.checksum is not None
        with closing(
            self._client.request("GET", self.url, check=False, downgrade=downgrade, stream=True, headers=headers)
        ) as response:
            if not self._accept(response, offset, origin):
                self._partial.restart()
                self._report(task)
                raise _Lost("it has changed meanwhile")
            self._report(task)
            self._write(response, task)

    def _accept(self, response: requests.Response, offset: int, origin: Origin | None) -> bool:
        """Whether the answer can be used; prepares the file of bytes for it."""
        if response.status_code == 416 and offset:
            return False
        if response.status_code == 206 and offset and origin is not None:
            match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
            known = self._whole_size
            fits = match and int(match[1]) == offset and (match[3] == "*" or known in {None, int(match[3])})
            etag = _strong_etag(response)
            is_same_source = origin.source == Origin.hashed(self.url)
            self.is_stitched = True
            return bool(fits) and not (is_same_source and origin.etag and etag and etag != origin.etag)
        if response.status_code != 200:
            raise refusal(response)
        self._check_whole(response)
        length = _length(response)
        self._partial.begin(
            Origin(Origin.hashed(self.url), _strong_etag(response), self._size if length is None else length)
        )
        return True

    def _check_whole(self, response: requests.Response) -> None:
        """Refuse an answer that cannot be the file, before a byte of it is written."""
        length, coding = _length(response), response.headers.get("Content-Encoding", "identity").lower()
        if coding != "identity" and not (coding in {"gzip", "x-gzip"} and self._name.endswith(("gz", ".tgz"))):
            raise RemoteError(f"{shown(self.url)} sends {self._name} packed with {coding}, unasked.")
        if length is not None and self._size is not None and length != self._size:
            raise RemoteError(
                f"{shown(self.url)} has a file of {length} bytes; {self._name} has {self._size}.",
                hint="It was changed or is a page with an error: use another mirror.",
            )
        is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
        if length is None and not is_chunked and self._size is None and self.checksum is None:
            raise RemoteError(
                f"{shown(self.url)} does not say how long {self._name} is, so nobody could tell whether it is whole.",
                hint="Use another mirror.",
            )

    def _write(self, response: requests.Response, task: ProgressTask) -> None:
        from urllib3.exceptions import HTTPError as ConnectionLost

        limit = self._whole_size
        with self._partial.open() as stream:
            try:
                for block in response.raw.stream(_BLOCK_BYTES, decode_content=False):
                    self._report(task, stream.tell() + len(block))  # first: whoever wants us to stop says so here
                    stream.write(block)
                    stream.flush()
                    if limit is not None and stream.tell() > limit:
                        break
            except ConnectionLost as error:
                raise _Lost(_why(error)) from None
        offset = self._partial.offset
        if limit is not None and offset > limit:
            self._partial.restart()
            raise RemoteError(f"{shown(self.url)} sends more than the {limit} bytes of {self._name}.")
        if limit is not None and offset < limit:
            raise _Lost("the connection was closed")

    def _report(self, task: ProgressTask, offset: int | None = None) -> None:
        offset = self._partial.offset if offset is None else offset
        task.advance((offset - self._shown) / 1e6)
        self._shown = offset


def _strong_etag(response: requests.Response) -> str | None:
    etag: str = response.headers.get("ETag", "")
    return etag if re.fullmatch(r'"[^"\r\n]*"', etag) else None


def _length(response: requests.Response) -> int | None:
    if "chunked" in response.headers.get("Transfer-Encoding", "").lower():
        return None
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _why(error: Exception) -> str:
    return "no answer in time" if "timed out" in str(error) else "the connection was lost"
