"""From a public reference to a checked file on this computer, downloaded at most once.

    ZenodoFile | HuggingFaceFile | WebFile --held already?--> Held
        --else ask its host--> RemoteFile --download, compare checksum--> Held

What always means the same bytes (a version on Zenodo, a commit, an address that was used before) is never asked for
again. What can move (all versions, a branch, a tag) is asked for each time; without a network, what it meant last time
is used.

The content of a web address without a checksum is trusted when it is first used, and must stay the same.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from separate_cli.errors import RefusedError, RemoteError
from separate_cli.files import hash_file
from separate_cli.hub import model_cache
from separate_cli.hub.hugging_face import client_for_hugging_face, find_in_repository
from separate_cli.hub.known_addresses import known_content, remember_content
from separate_cli.hub.model_cache import Held
from separate_cli.hub.model_files import RemoteFile
from separate_cli.hub.reference_forms import HuggingFaceFile, WebFile, ZenodoFile
from separate_cli.hub.zenodo_records import find_in_record
from separate_cli.net.addresses import shown
from separate_cli.net.download import download
from separate_cli.net.session import Client, HttpError
from separate_cli.progress import SILENT, Progress
from separate_cli.settings import is_offline

__all__ = ["Fetched", "fetch"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True)
class Fetched:
    """A file that was asked for; ``notice`` says what the user should know about it, if anything."""

    held: Held
    notice: str = ""


def fetch(wanted: ZenodoFile | HuggingFaceFile | WebFile, *, progress: Progress = SILENT) -> Fetched:
    """The file that a public reference means, checked against the checksum of its host or of its first use.

    Raises:
        InputError: If there is no such file.
        RefusedError: If it is not open to the user, or not what it was or has to be.
        RemoteError: If it is not here and its host cannot be asked.
    """
    name = str(wanted)
    held = _held(wanted)
    if held is not None and (_is_fixed(wanted, held) or is_offline()):
        held.note_use(name)
        return Fetched(held)
    if is_offline():
        hint = "What is here: sep model cache ls"
        raise RemoteError(
            f"{shown_name(wanted)} is not on this computer, and SEP_OFFLINE forbids to fetch it.", hint=hint
        )
    with client_for_hugging_face() if isinstance(wanted, HuggingFaceFile) else Client() as client:
        try:
            remote = _ask(wanted, client)
        except RemoteError as error:
            if held is None:
                raise
            held.note_use(name)
            return Fetched(held, f"{error.message} What {shown_name(wanted)} meant last time is used.")
        held = _get(remote, wanted, client, progress)
    if isinstance(wanted, WebFile):
        remember_content(wanted.url, held.entry.sha256)
    held.note_use(name)
    return Fetched(held)


def shown_name(wanted: ZenodoFile | HuggingFaceFile | WebFile) -> str:
    """A reference for messages: without what may be secret in an address."""
    return shown(wanted.url) if isinstance(wanted, WebFile) else str(wanted)


def _held(wanted: ZenodoFile | HuggingFaceFile | WebFile) -> Held | None:
    """What a reference last led to, if it is still whole and what it has to be."""
    held = model_cache.find(str(wanted))
    if held is None or (isinstance(wanted, WebFile) and wanted.sha256 not in {None, held.entry.sha256}):
        return None
    if held.is_whole():
        return held
    held.remove()
    return None


def _is_fixed(wanted: ZenodoFile | HuggingFaceFile | WebFile, held: Held) -> bool:
    """Whether a reference always means the bytes that it meant before."""
    if isinstance(wanted, ZenodoFile):  # a number of all versions led to another number
        return held.entry.origin.startswith(f"{ZenodoFile(wanted.record, sandbox=wanted.sandbox)}/")
    if isinstance(wanted, HuggingFaceFile):
        return _COMMIT.fullmatch(wanted.revision or "") is not None
    return True


def _ask(wanted: ZenodoFile | HuggingFaceFile | WebFile, client: Client) -> RemoteFile:
    if isinstance(wanted, ZenodoFile):
        return find_in_record(wanted, client=client)
    if isinstance(wanted, HuggingFaceFile):
        return find_in_repository(wanted, client=client)
    return RemoteFile(origin=wanted.url, url=wanted.url, name=unquote(urlsplit(wanted.url).path))


def _get(
    remote: RemoteFile, wanted: ZenodoFile | HuggingFaceFile | WebFile, client: Client, progress: Progress
) -> Held:
    """Download a file, unless another reference or process has brought it meanwhile."""
    with model_cache.reserved(remote.origin) as folder:
        held = model_cache.find(remote.origin)
        if held is not None and held.is_whole() and _is_expected(held.entry.sha256, wanted):
            return held
        name = model_cache.safe_name(remote.name)
        new = folder / "new" / name
        new.unlink(missing_ok=True)
        checksum = None if (remote.checksum or "").startswith("git-") else remote.checksum  # compared afterwards
        try:
            new.parent.mkdir(exist_ok=True)
            download([remote.url], new, checksum=checksum, size=remote.size, client=client, progress=progress)
        except HttpError as error:
            if error.status not in {401, 403}:
                raise
            message, hint = remote.closed
            raise RefusedError(message, hint=hint) from error
        try:
            _verify(new, remote, wanted)
        except (RefusedError, RemoteError):
            new.unlink()
            raise
        new.replace(folder / name)
        shutil.rmtree(new.parent)
        return model_cache.add(folder, folder / name, origin=remote.origin, title=remote.title, licence=remote.licence)


def _is_expected(sha256: str, wanted: ZenodoFile | HuggingFaceFile | WebFile) -> bool:
    """Whether a content is what the user, or its first use, says it is; hubs state their own checksums."""
    if not isinstance(wanted, WebFile):
        return True
    return sha256 == (wanted.sha256 or known_content(wanted.url) or sha256)


def _verify(path: Path, remote: RemoteFile, wanted: ZenodoFile | HuggingFaceFile | WebFile) -> None:
    """Compare a download with everything that is known about it beyond what ``download`` compares."""
    with path.open("rb") as stream:
        start = stream.read(9)
    if not start.startswith(_PICKLES) and start[8:9] != b"{":
        raise RemoteError(
            f"{shown(remote.url)} sends no checkpoint.", hint="It may be a page with an error or a login: look at it."
        )
    kind, _, stated = (remote.checksum or "").partition(":")
    if kind == "git-sha1" and stated != _git_sha1(path):
        raise RemoteError(f"{remote.origin} comes damaged: its checksum is not {stated}.", hint="Try again.")
    sha256 = hash_file(path)
    if not _is_expected(sha256, wanted):
        what = "what #sha256 says" if isinstance(wanted, WebFile) and wanted.sha256 else "what it was when first used"
        raise RefusedError(
            f"The file at {shown(remote.url)} is not {what}.",
            hint=f"If you trust what is there now, name it by its content: URL#sha256={sha256}",
        )


def _git_sha1(path: Path) -> str:
    """How git names the content of a file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
