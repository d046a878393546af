"""What a pretended Zenodo holds, and its rules: drafts, versions, communities, validation. No HTTP here.

Faithful to the public behaviour of Zenodo in 2026: legacy deposits, records, the quirks that clients trip over. Whoever
breaks a rule gets a ``Problem`` with the status code and the body that Zenodo answers.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

UPLOAD_TYPES = {
    "software", "dataset", "publication", "poster", "presentation", "image", "video", "lesson", "physicalobject",
    "other",
}  # fmt: skip
LICENCES = {
    f"cc-by{kind}-{version}"
    for kind in ("", "-sa", "-nc", "-nc-sa", "-nd", "-nc-nd")
    for version in ("1.0", "2.0", "2.5", "3.0", "4.0")
} | {
    "mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-zero", "cc-by", "cc-by-sa", "pddl-1.0",
    "odc-by-1.0", "odbl-1.0", "gpl-3.0-only", "cdla-permissive-1.0", "other-open", "other-nc", "other-at",
    "other-pd", "other-closed",
}  # fmt: skip
LICENCE_ALIASES = {"cc-zero": "cc0-1.0", "cc-by": "cc-by-1.0", "cc-by-sa": "cc-by-sa-1.0"}
FIELDS = {
    "title", "upload_type", "description", "creators", "publication_date", "access_right", "license", "keywords",
    "communities", "version", "notes", "related_identifiers", "references", "language", "contributors", "grants",
    "method", "prereserve_doi", "doi",
}  # fmt: skip
TAGS = {
    "a", "abbr", "acronym", "b", "blockquote", "br", "code", "caption", "div", "em", "i", "li", "ol", "p", "pre",
    "span", "strike", "strong", "sub", "table", "tbody", "thead", "th", "td", "tr", "u", "ul",
}  # fmt: skip


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"status": status, "message": message, **more}


def invalid(**faults: str) -> Problem:
    """A 400 that names fields; ``__`` stands for a dot."""
    errors = [{"field": name.replace("__", "."), "messages": [text]} for name, text in faults.items()]
    return Problem(400, "A validation error occurred.", errors=errors)


def missing() -> Problem:
    return Problem(404, "The persistent identifier does not exist.")


def forbidden() -> Problem:
    return Problem(403, "Permission denied.")


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


@dataclass
class StoredFile:
    key: str
    content: bytes
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    version: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def md5(self) -> str:
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


@dataclass
class Version:
    """One version of a record, draft or published. ``communities`` are those that accepted it."""

    id: int
    concept: int
    owner: int
    index: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    communities: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    published: bool = False
    restricted: bool = False
    unlisted: int = 0
    bucket: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: str = field(default_factory=now)
    modified: str = field(default_factory=now)
    downloads: int = 0


class Holdings:
    """All records, drafts and communities.

    Args:
        communities: Slug → user numbers whose records are taken at once; those of others wait for a curator.
    """

    def __init__(self, communities: Mapping[str, set[int]]) -> None:
        self.communities = dict(communities)
        self.index_lag = 0
        """How many lists of deposits a new draft is missing from, as the real index needs a while."""
        self.versions: dict[int, Version] = {}
        self._last = 542_200

    # ---- finding

    def draft(self, number: str, user: int) -> Version:
        """An unpublished draft of ``user``."""
        version = self._owned(number, user)
        if version.published:
            raise missing()
        return version

    def deposit(self, number: str, user: int) -> Version:
        """A draft or a published version of ``user``."""
        return self._owned(number, user)

    def in_bucket(self, bucket: str, user: int | None) -> Version:
        found = next((one for one in self.versions.values() if one.bucket == bucket), None)
        if found is None:
            raise Problem(404, "The requested URL was not found on the server.")
        if not found.published and found.owner != user:
            raise forbidden()
        return found

    def record(self, number: str) -> Version:
        """A published version by its number; a concept's number is not one."""
        version = self.versions.get(int(number)) if number.isdecimal() else None
        if version is None or not version.published:
            raise missing()
        return version

    def latest(self, concept: int) -> Version | None:
        family = [one for one in self.versions.values() if one.concept == concept and one.published]
        return max(family, key=lambda one: one.index, default=None)

    def family(self, concept: int) -> list[Version]:
        return [one for one in self.versions.values() if one.concept == concept and one.published]

    def published(self, *, all_versions: bool = False) -> Iterator[Version]:
        for version in self.versions.values():
            if version.published and (all_versions or self.latest(version.concept) is version):
                yield version

    def _owned(self, number: str, user: int) -> Version:
        version = self.versions.get(int(number)) if number.isdecimal() else None
        if version is None:
            raise missing()
        if version.owner != user:
            raise forbidden()
        return version

    # ---- changing

    def create(self, user: int, metadata: Mapping[str, Any]) -> Version:
        concept = self._next()
        version = Version(self._next(), concept, user, unlisted=self.index_lag)
        if metadata:
            version.metadata = cleaned(metadata)
        self.versions[version.id] = version
        return version

    def new_version(self, number: str, user: int) -> Version:
        """The draft of the next version; the one that is there already if there is one."""
        before = self._owned(number, user)
        if not before.published:
            raise missing()
        open_ = [one for one in self.versions.values() if one.concept == before.concept and not one.published]
        if open_:
            return open_[0]
        latest = self.latest(before.concept) or before
        kept = {k: v for k, v in latest.metadata.items() if k not in {"publication_date", "title", "version", "doi"}}
        version = Version(self._next(), before.concept, user, index=latest.index + 1, metadata=kept)
        self.versions[version.id] = version
        return version

    def import_files(self, version: Version) -> None:
        """Copy the files of the version before."""
        if version.files:
            raise invalid(files__enabled="Please remove all files first.")
        latest = self.latest(version.concept)
        version.files = {key: StoredFile(key, one.content) for key, one in (latest.files if latest else {}).items()}

    def update(self, version: Version, metadata: Mapping[str, Any]) -> None:
        version.metadata, version.modified = cleaned(metadata), now()

    def put_file(self, version: Version, key: str, content: bytes) -> StoredFile:
        if version.published:
            raise forbidden()
        if key not in version.files and len(version.files) >= 100:
            raise invalid(files="Uploading selected files will result in more than 100 files.")
        version.files[key] = StoredFile(key, content)
        version.modified = now()
        return version.files[key]

    def delete_file(self, version: Version, key: str) -> None:
        if version.published:
            raise forbidden()
        if key not in version.files:
            raise Problem(404, f'File with key "{key}" not found.')
        del version.files[key]

    def delete(self, version: Version) -> None:
        del self.versions[version.id]

    def publish(self, version: Version) -> None:
        """Check, publish, then include in communities; what goes wrong there is never told."""
        faults = {f"metadata__{name}": "Missing data for required field." for name in _absent(version.metadata)}
        if not version.files:
            faults["files__enabled"] = (
                "Missing uploaded files. To disable files for this record please mark it as metadata-only."
            )
        if faults:
            raise invalid(**faults)
        version.published, version.modified = True, now()
        for one in version.metadata.pop("communities", ()):
            slug = one.get("identifier")
            if slug in self.communities:
                accepted = version.owner in self.communities[slug]
                (version.communities if accepted else version.pending).append(slug)

    def _next(self) -> int:
        self._last += 1
        return self._last


def _absent(metadata: Mapping[str, Any]) -> list[str]:
    wanted = {"title": "title", "creators": "creators", "upload_type": "resource_type"}
    absent = [shown for name, shown in wanted.items() if not metadata.get(name)]
    return absent + ([] if metadata.get("publication_date") else ["publication_date"])


def cleaned(metadata: Any) -> dict[str, Any]:
    """Metadata as it is kept: unknown fields dropped, HTML reduced; what is wrong is refused."""
    if not isinstance(metadata, Mapping):
        raise invalid(metadata="Invalid input type.")
    kept = {name: value for name, value in metadata.items() if name in FIELDS}
    kept.setdefault("publication_date", datetime.now(timezone.utc).date().isoformat())
    kept.setdefault("access_right", "open")
    licence = str(kept.setdefault("license", "cc-by-4.0")).lower()
    if licence not in LICENCES:
        raise invalid(metadata__license=f"Invalid license provided: {licence}")
    kept["license"] = LICENCE_ALIASES.get(licence, licence)
    if kept.get("upload_type") not in {None, *UPLOAD_TYPES}:
        raise invalid(metadata__resource_type="Invalid value " + str(kept["upload_type"]) + ".")
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", str(kept["publication_date"])):
        raise invalid(metadata__publication_date="Please provide a valid date or interval.")
    creators = kept.get("creators", [])
    if not isinstance(creators, list) or not all(isinstance(one, dict) and one.get("name") for one in creators):
        raise invalid(metadata__creators="Invalid creators.")
    if len(str(kept.get("title", "x" * 3))) < 3:
        raise invalid(metadata__title="Shorter than minimum length 3.")
    for name in ("description", "notes"):
        if name in kept:
            kept[name] = reduced(str(kept[name]))
    return kept


def reduced(html: str) -> str:
    """HTML without the tags that Zenodo drops."""

    def keep(match: re.Match[str]) -> str:
        return match[0] if match[1].lower() in TAGS else ""

    return re.sub(r"</?([A-Za-z][A-Za-z0-9]*)\b[^<>]*>", keep, html)
