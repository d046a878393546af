"""Records on Zenodo: what is in one, and all of a community.

    zenodo:3862941 --GET /api/records/3862941--> the newest version --> RemoteFile with the MD5 that Zenodo states
    asteroid-models --GET /api/communities/asteroid-models (it exists!)--> GET /api/records, page by page --> documents

Zenodo ignores the name of a community that it does not know and searches everything it has; hence the look at the
community first, and the second look at each record.

Checked: tests/hub/test_zenodo_records.py, against a local server of the same interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from separate_cli.errors import InputError, RefusedError, RemoteError
from separate_cli.hub.model_files import RemoteFile, choose_model_file
from separate_cli.hub.reference_forms import ZenodoFile
from separate_cli.net.session import Client, HttpError
from separate_cli.settings import zenodo_url

__all__ = ["community_records", "find_in_record"]

_PAGE = 25
"""Zenodo answers strangers with at most so many records a page."""
_MAX_PAGES = 80
_MAX_RECORD_BYTES = 4 << 20
_MAX_PAGE_BYTES = 8 << 20


def find_in_record(wanted: ZenodoFile, *, client: Client) -> RemoteFile:
    """The file that a reference to Zenodo means, in the newest version if it is a number of all versions.

    Raises:
        InputError: If there is no such record, or no such file in it, or several models.
        RefusedError: If its files are not open to everybody.
        RemoteError: If Zenodo does not answer.
    """
    document = _record(wanted, client)
    found = ZenodoFile(int(document["id"]), sandbox=wanted.sandbox)
    rows = {str(row.get("key")): row for row in _rows(document.get("files"))}
    if not rows:
        raise RefusedError(
            f"The files of {found} are not open to everybody.", hint=f"Ask its authors for them: {_page(found)}"
        )
    name = wanted.file or choose_model_file(rows, where=str(found), how=f"add the file's name: {found}/NAME")
    if name not in rows:
        raise InputError(f"{found} holds no file {name!r}.", hint=f"It holds: {', '.join(list(rows)[:10])}.")
    metadata = _table(document.get("metadata"))
    return RemoteFile(
        origin=f"{found}/{name}",
        url=str(_table(rows[name].get("links")).get("self") or ""),
        name=name,
        size=int(rows[name].get("size") or 0) or None,
        checksum=str(rows[name].get("checksum") or "") or None,
        title=str(metadata.get("title") or ""),
        licence=str(_table(metadata.get("license")).get("id") or ""),
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


def _record(wanted: ZenodoFile, client: Client) -> dict[str, Any]:
    url = f"{zenodo_url(sandbox=wanted.sandbox)}/api/records/{wanted.record}"
    try:
        return _table(client.get_json(url, limit=_MAX_RECORD_BYTES, headers={"Accept": "application/json"}))
    except HttpError as error:
        if error.status in {404, 410}:
            gone = "was deleted from" if error.status == 410 else "does not exist on"
            raise InputError(f"The record {wanted} {gone} Zenodo.", hint=f"Look at {_page(wanted)}") from error
        if error.status in {401, 403}:
            raise RefusedError(
                f"The record {wanted} is not open to everybody.", hint=f"Ask its authors for it: {_page(wanted)}"
            ) from error
        raise


def _page(record: ZenodoFile) -> str:
    return f"{zenodo_url(sandbox=record.sandbox)}/records/{record.record}"


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
