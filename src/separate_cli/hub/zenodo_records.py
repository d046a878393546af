"""Records on Zenodo: what is in one, and all of a community.

    zenodo:3862941 --GET /api/records/3862941--> the newest version --> RemoteFile with the MD5 that Zenodo states
    asteroid-models --GET /api/communities/asteroid-models (it exists!)--> GET /api/records, page by page --> documents

Zenodo ignores the name of a community that it does not know and searches everything it has; hence the look at the
community first, and the second look at each record.

Checked: tests/hub/test_fetch.py and test_searching.py, against a local server of the same interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, ValidationError

from separate_cli.errors import InputError, RefusedError, RemoteError
from separate_cli.hub.model_files import RemoteFile, choose_model_file, shown_names, unknown_form
from separate_cli.hub.plain_text import clean
from separate_cli.hub.reference_forms import ZenodoFile
from separate_cli.net.session import Client, HttpError
from separate_cli.settings import zenodo_url

__all__ = ["community_records", "find_in_record"]

_PAGE = 25
"""Zenodo answers strangers with at most so many records a page."""
_MAX_PAGES = 80
_MAX_RECORD_BYTES = 4 << 20
_MAX_PAGE_BYTES = 8 << 20


class _File(BaseModel):
    """A file of a record, as Zenodo describes it."""

    key: str
    size: NonNegativeInt
    checksum: str = Field(pattern=r"^md5:[0-9a-f]{32}$")
    links: dict[str, Any]


class _Record(BaseModel):
    """What is needed of a record."""

    id: PositiveInt
    metadata: dict[str, Any] = {}
    files: list[_File] = []


def find_in_record(wanted: ZenodoFile, *, client: Client) -> RemoteFile:
    """The file that a reference to Zenodo means, in the newest version if it is a number of all versions.

    Raises:
        InputError: If there is no such record, or no such file in it, or several models.
        RefusedError: If its files are not open to everybody.
        RemoteError: If Zenodo does not answer, or not as it should.
    """
    record = _read_record(wanted, client)
    found = ZenodoFile(record.id, sandbox=wanted.sandbox)
    files = {file.key: file for file in record.files}
    if not files:
        raise RefusedError(
            f"The files of {found} are not open to everybody.", hint=f"Ask its authors for them: {_page(found)}"
        )
    name = wanted.file or choose_model_file(files, where=str(found), how=f"add the file's name: {found}/NAME")
    if name not in files:
        raise InputError(f"{found} holds no file {name!r}.", hint=f"It holds: {shown_names(files)}.")
    return RemoteFile(
        origin=f"{found}/{name}",
        url=str(files[name].links.get("self")),
        name=name,
        size=files[name].size,
        checksum=files[name].checksum,
        title=clean(record.metadata.get("title") or "", limit=100),
        licence=clean(_table(record.metadata.get("license")).get("id") or "", limit=40),
    )


def community_records(community: str, *, client: Client) -> Iterator[dict[str, Any]]:
    """Every record of a community, the newest version of each, as Zenodo describes it.

    Raises:
        RemoteError: If Zenodo does not answer, or has no such community.
    """
    base = zenodo_url()
    try:
        client.get_json(f"{base}/api/communities/{community}", limit=_MAX_RECORD_BYTES)
    except HttpError as error:
        if error.status in {403, 404, 410}:
            raise RemoteError(f"Zenodo has no community {community!r} any more.", hint="Update sep.") from error
        raise
    url = _search_url(base, community, page=1, size=_PAGE)
    for number in range(1, _MAX_PAGES + 1):
        try:
            page = _table(client.get_json(url, limit=_MAX_PAGE_BYTES))
        except HttpError:
            raise
        except RemoteError:  # too long: find the records in it that are not
            yield from _one_by_one(base, community, number, client)
            url = _search_url(base, community, page=number + 1, size=_PAGE)
            continue
        yield from _members(page, community)
        url = str(_table(page.get("links")).get("next") or "")
        if not url:
            return


def _one_by_one(base: str, community: str, number: int, client: Client) -> Iterator[dict[str, Any]]:
    """The records of a page, each fetched by itself; those that are too long are left out."""
    for place in range((number - 1) * _PAGE + 1, number * _PAGE + 1):
        try:
            page = client.get_json(_search_url(base, community, page=place, size=1), limit=_MAX_RECORD_BYTES)
        except HttpError:
            raise
        except RemoteError:
            continue
        yield from _members(_table(page), community)


def _members(page: Mapping[str, Any], community: str) -> Iterator[dict[str, Any]]:
    """The records of a page that say themselves that they belong to the community."""
    for document in _rows(_table(page.get("hits")).get("hits")):
        if community in {row.get("id") for row in _rows(_table(document.get("metadata")).get("communities"))}:
            yield document


def _search_url(base: str, community: str, *, page: int, size: int) -> str:
    wanted = {"communities": community, "sort": "newest", "size": size, "page": page}
    return f"{base}/api/records?{urlencode(wanted)}"


def _read_record(wanted: ZenodoFile, client: Client) -> _Record:
    url = f"{zenodo_url(sandbox=wanted.sandbox)}/api/records/{wanted.record}"
    try:
        document = client.get_json(url, limit=_MAX_RECORD_BYTES, headers={"Accept": "application/json"})
        return _Record.model_validate(document)
    except HttpError as error:
        if error.status in {404, 410}:
            gone = "was deleted from" if error.status == 410 else "does not exist on"
            raise InputError(f"The record {wanted} {gone} Zenodo.", hint=f"Look at {_page(wanted)}") from error
        if error.status in {401, 403}:
            raise RefusedError(
                f"The record {wanted} is not open to everybody.", hint=f"Ask its authors for it: {_page(wanted)}"
            ) from error
        raise
    except ValidationError as error:
        raise unknown_form(str(wanted), error) from error


def _page(record: ZenodoFile) -> str:
    return f"{zenodo_url(sandbox=record.sandbox)}/records/{record.record}"


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
