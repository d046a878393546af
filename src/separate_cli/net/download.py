"""Files from the network: resumed where they stopped, verified, whole or not at all.

    mirrors --Range, If-Range--> .NAME.part/data --all there?--> pooch compares the checksum --> NAME

Bytes of an earlier attempt are kept only where they are surely of the same content: from the same address with the same
strong ETag, or with a known checksum, which is compared at the end. A file without a checksum is taken only if the
server says in some way where it ends.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from separate_cli.errors import RemoteError
from separate_cli.files import output_error
from separate_cli.net.addresses import shown
from separate_cli.net.partial import Partial
from separate_cli.net.session import Client
from separate_cli.net.transfer import Transfer
from separate_cli.progress import SILENT, Progress

__all__ = ["download", "matches"]

_BLOCK_BYTES = 1 << 20


def download(
    urls: Sequence[str],
    path: Path,
    *,
    checksum: str | None,
    size: int | None = None,
    client: Client | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Get a file, unless it is here already. Killed at any time, the next call goes on where it was.

    The caller makes sure that no other process gets the same ``path`` at the same time.

    Args:
        urls: Where it is; the next is asked when one fails.
        path: Where it goes.
        checksum: ``"sha256:…"`` or ``"md5:…"``; None if unknown.
        size: Its length in bytes; None if unknown.
        client: Asks the servers; a plain one if None.
        progress: Where to report progress, in MB.

    Returns:
        ``path``.

    Raises:
        RemoteError: If no mirror has it, or none has the right one. ``HttpError`` if a server answers with an error.
        OutputError: If it cannot be written.
        ValueError: If there is no address, or the checksum has no known form.
    """
    _check(urls, checksum)
    if path.is_file() and _is_right(path, checksum, size):
        return path
    own = client or Client()
    failures: list[RemoteError] = []
    try:
        for url in urls:
            try:
                return _from_one(Transfer(url, path, checksum, size, client=own, progress=progress), path)
            except RemoteError as error:
                failures.append(error)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        if client is None:
            own.close()
    raise _all_failed(failures, path)


def matches(path: Path, checksum: str) -> bool:
    """Whether the content of a file is that of ``checksum``, ``"sha256:…"`` or ``"md5:…"``; read in blocks."""
    algorithm, _, wanted = checksum.partition(":")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest() == wanted.lower()


def _from_one(transfer: Transfer, path: Path) -> Path:
    """Get the file from one mirror; what was put together and turns out wrong is fetched anew, once."""
    from pooch import get_logger, retrieve

    get_logger().setLevel(logging.WARNING)  # it would write between our bars
    partial = Partial(path)
    partial.tidy()
    for is_last in (False, True):
        try:
            retrieve(
                url=transfer.url,
                known_hash=transfer.checksum,
                fname=partial.whole.name,
                path=partial.folder,
                downloader=transfer,
            )
        except ValueError:
            partial.remove()
            if is_last or not transfer.is_stitched:
                break
        else:
            partial.whole.replace(path)
            partial.remove()
            return path
    raise RemoteError(
        f"{shown(transfer.url)} sends another file: its checksum is not {transfer.checksum}.",
        hint="Nothing of it was kept. A proxy may be in between; else use another mirror.",
    )


def _check(urls: Sequence[str], checksum: str | None) -> None:
    if not urls:
        raise ValueError("A download needs an address")
    if checksum is not None:
        algorithm, _, digest = checksum.partition(":")
        if algorithm not in {"md5", "sha1", "sha256", "sha512"} or not digest.isalnum():
            raise ValueError(f"A checksum has the form sha256:… or md5:…, not {checksum!r}")


def _is_right(path: Path, checksum: str | None, size: int | None) -> bool:
    if size is not None and path.stat().st_size != size:
        return False
    return checksum is None or matches(path, checksum)


def _all_failed(failures: Sequence[RemoteError], path: Path) -> RemoteError:
    last = failures[-1]
    if len(failures) == 1:
        return last
    reasons = " ".join(failure.message for failure in failures)
    return RemoteError(f"None of {len(failures)} addresses has {path.name}: {reasons}", hint=last.hint)
