"""The JSON that a pretended Zenodo answers: legacy deposits, records, drafts of the new interface, files."""

from __future__ import annotations

import mimetypes
from typing import Any

from servers.zenodo_records import Holdings, StoredFile, Version

PREFIX = "10.5281/zenodo."


class Views:
    """Documents about versions and files.

    Args:
        url: Of the server, without a final slash.
        holdings: Where versions are looked up.
    """

    def __init__(self, url: str, holdings: Holdings) -> None:
        self.url, self.holdings = url, holdings

    def deposit(self, version: Version) -> dict[str, Any]:
        """Of the legacy interface."""
        number, done = version.id, version.published
        metadata = dict(version.metadata)
        if version.communities:
            metadata["communities"] = [{"identifier": slug} for slug in version.communities]
        metadata["prereserve_doi"] = {"doi": f"{PREFIX}{number}", "recid": number}
        document = {
            "created": version.created,
            "modified": version.modified,
            "id": number,
            "conceptrecid": str(version.concept),
            "metadata": metadata,
            "title": metadata.get("title", ""),
            "links": self._deposit_links(version),
            "record_id": number,
            "owner": version.owner,
            "files": [self.deposit_file(version, one) for one in version.files.values()],
            "state": "done" if done else "unsubmitted",
            "submitted": done,
        }
        if done:
            document |= {"doi": f"{PREFIX}{number}", "conceptdoi": f"{PREFIX}{version.concept}"}
            document["doi_url"] = f"https://doi.org/{PREFIX}{number}"
        return document

    def _deposit_links(self, version: Version) -> dict[str, str]:
        api, number, done = f"{self.url}/api", version.id, version.published
        deposit = f"{api}/deposit/depositions/{number}"
        links = {
            "self": f"{api}/records/{number}" if done else deposit,
            "html": f"{self.url}/records/{number}" if done else f"{self.url}/deposit/{number}",
            "badge": f"{self.url}/badge/doi/{PREFIX.replace('/', '%2F') + str(number) if done else ''}.svg",
            "files": f"{api}/records/{number}/files" if done else f"{deposit}/files",
            "bucket": f"{api}/files/{version.bucket}",
            "latest_draft": deposit,
            "latest_draft_html": f"{self.url}/deposit/{number}",
        }
        links |= {name: f"{deposit}/actions/{name}" for name in ("publish", "edit", "discard", "newversion")}
        if done:
            links |= {
                "doi": f"https://doi.org/{PREFIX}{number}",
                "parent_doi": f"{self.url}/doi/{PREFIX}{version.concept}",
                "record": f"{api}/records/{number}",
                "record_html": f"{self.url}/record/{number}",
                "latest": f"{api}/records/{number}/versions/latest",
                "latest_html": f"{self.url}/record/{number}/versions/latest",
            }
        return links

    def deposit_file(self, version: Version, file: StoredFile) -> dict[str, Any]:
        """Of the legacy interface: the checksum has no prefix."""
        api = f"{self.url}/api"
        return {
            "id": file.id,
            "filename": file.key,
            "filesize": len(file.content),
            "checksum": file.md5,
            "links": {
                "self": f"{api}/deposit/depositions/{version.id}/files/{file.id}",
                "download": f"{api}/records/{version.id}/draft/files/{file.key}/content",
            },
        }

    def bucket_file(self, version: Version, file: StoredFile, *, md5: str = "") -> dict[str, Any]:
        """What a PUT into a bucket answers."""
        self_ = f"{self.url}/api/files/{version.bucket}/{file.key}"
        return {
            "created": version.created,
            "updated": version.modified,
            "version_id": file.version,
            "key": file.key,
            "size": len(file.content),
            "mimetype": mimetypes.guess_type(file.key)[0] or "application/octet-stream",
            "checksum": f"md5:{md5 or file.md5}",
            "is_head": True,
            "delete_marker": False,
            "links": {"self": self_, "version": f"{self_}?version_id={file.version}", "uploads": f"{self_}?uploads=1"},
        }

    def draft(self, version: Version) -> dict[str, Any]:
        """A draft as the new interface shows it."""
        number, api = str(version.id), f"{self.url}/api/records/{version.id}"
        return {
            "id": number,
            "created": version.created,
            "updated": version.modified,
            "is_published": version.published,
            "is_draft": not version.published,
            "revision_id": 3,
            "files": {"enabled": True},
            "metadata": {key: value for key, value in version.metadata.items() if key in {"title", "description"}},
            "pids": {},
            "parent": {"id": str(version.concept), "access": {"owned_by": {"user": version.owner}, "links": []}},
            "versions": {"index": version.index + 1, "is_latest": False, "is_latest_draft": True},
            "links": {
                "self": f"{api}/draft",
                "self_html": f"{self.url}/uploads/{number}",
                "files": f"{api}/draft/files",
                "publish": f"{api}/draft/actions/publish",
                "versions": f"{api}/versions",
                "latest": f"{api}/versions/latest",
                "record": api,
            },
        }

    def draft_file(self, version: Version, file: StoredFile) -> dict[str, Any]:
        self_ = f"{self.url}/api/records/{version.id}/draft/files/{file.key}"
        return {
            "key": file.key,
            "checksum": f"md5:{file.md5}",
            "size": len(file.content),
            "status": "completed",
            "file_id": file.id,
            "version_id": file.version,
            "links": {"self": self_, "content": f"{self_}/content", "commit": f"{self_}/commit"},
        }

    def record(self, version: Version) -> dict[str, Any]:
        """A published version, as searches and single reads show it."""
        number, doi = version.id, f"{PREFIX}{version.id}"
        latest = self.holdings.latest(version.concept)
        document = {
            "created": version.created,
            "modified": version.modified,
            "id": number,
            "conceptrecid": str(version.concept),
            "doi": doi,
            "conceptdoi": f"{PREFIX}{version.concept}",
            "doi_url": f"https://doi.org/{doi}",
            "metadata": self._record_metadata(version, is_last=latest is version),
            "title": version.metadata.get("title", ""),
            "links": self._record_links(version),
            "updated": version.modified,
            "recid": str(number),
            "revision": 4,
            "swh": {},
            "owners": [{"id": str(version.owner)}],
            "status": "published",
            "stats": {"downloads": version.downloads, "unique_downloads": version.downloads, "views": 0},
            "state": "done",
            "submitted": True,
        }
        if not version.restricted:
            document["files"] = [self.record_file(version, one) for one in version.files.values()]
        return document

    def _record_metadata(self, version: Version, *, is_last: bool) -> dict[str, Any]:
        own = version.metadata
        metadata = {
            key: own[key]
            for key in ("title", "publication_date", "description", "access_right", "creators", "keywords", "version")
            if key in own
        }
        upload_type = own.get("upload_type", "other")
        parent = {"pid_type": "recid", "pid_value": str(version.concept)}
        metadata |= {
            "doi": f"{PREFIX}{version.id}",
            "resource_type": {"title": upload_type.capitalize(), "type": upload_type},
            "license": {"id": own.get("license", "cc-by-4.0")},
            "relations": {"version": [{"index": version.index, "is_last": is_last, "parent": parent}]},
        }
        if version.communities:
            metadata["communities"] = [{"id": slug} for slug in version.communities]
        return metadata | {key: own[key] for key in ("notes", "related_identifiers", "references") if key in own}

    def _record_links(self, version: Version) -> dict[str, str]:
        api, number, concept = f"{self.url}/api/records", version.id, version.concept
        return {
            "self": f"{api}/{number}",
            "self_html": f"{self.url}/records/{number}",
            "doi": f"https://doi.org/{PREFIX}{number}",
            "self_doi_html": f"{self.url}/doi/{PREFIX}{number}",
            "parent": f"{api}/{concept}",
            "parent_html": f"{self.url}/records/{concept}",
            "parent_doi": f"https://doi.org/{PREFIX}{concept}",
            "parent_doi_html": f"{self.url}/doi/{PREFIX}{concept}",
            "files": f"{api}/{number}/files",
            "archive": f"{api}/{number}/files-archive",
            "latest": f"{api}/{number}/versions/latest",
            "latest_html": f"{self.url}/records/{number}/latest",
            "versions": f"{api}/{number}/versions",
        }

    def record_file(self, version: Version, file: StoredFile) -> dict[str, Any]:
        return {
            "id": file.id,
            "key": file.key,
            "size": len(file.content),
            "checksum": f"md5:{file.md5}",
            "links": {"self": f"{self.url}/api/records/{version.id}/files/{file.key}/content"},
        }

    def community(self, slug: str) -> dict[str, Any]:
        return {
            "id": f"00000000-0000-4000-8000-{abs(hash(slug)) % 10**12:012}",
            "slug": slug,
            "metadata": {"title": slug, "description": ""},
            "access": {"visibility": "public", "review_policy": "open"},
            "links": {
                "self": f"{self.url}/api/communities/{slug}",
                "records": f"{self.url}/api/communities/{slug}/records",
            },
        }
