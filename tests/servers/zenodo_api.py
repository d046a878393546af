"""The addresses of a pretended Zenodo: which request does what, and what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

from servers.zenodo_json import Views
from servers.zenodo_records import Problem, StoredFile, Version, forbidden, invalid, missing

Json = dict[str, Any]

UNAUTHORISED = (
    "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong "
    "credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required."
)
NOT_FOUND = "The requested URL was not found on the server. If you entered the URL manually please check your spelling."


@dataclass(frozen=True)
class Call:
    """A request, read to its end."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """The body, which must be JSON and say so."""
        if not self.body:
            return {}
        if self.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Problem(415, "Invalid 'Content-Type' header. Expected one of: application/json")
        try:
            return json.loads(self.body)
        except ValueError:
            raise Problem(400, "Unable to decode JSON data in request body.") from None

    def first(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass
class Answer:
    status: int
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """A file instead of JSON."""


@dataclass(frozen=True)
class Account:
    """Who a token belongs to and what it may do."""

    user: int
    scopes: frozenset[str] = frozenset({"deposit:write", "deposit:actions"})


class Api:
    """Answers calls.

    Args:
        views: Documents about what there is.
        tokens: Token → account.
    """

    def __init__(self, views: Views, tokens: Mapping[str, Account]) -> None:
        self.views, self.holdings, self.tokens = views, views.holdings, tokens

    def answer(self, call: Call) -> Answer:
        """Do what is asked.

        Raises:
            Problem: If that cannot be.
        """
        known_path = False
        for pattern, handlers in ROUTES:
            found = re.fullmatch(pattern, call.path)
            if found is not None:
                known_path = True
                handler = handlers.get("GET" if call.method == "HEAD" else call.method)
                if handler is not None:
                    return handler(self, call, *(unquote(part) for part in found.groups()))
        if known_path:
            raise Problem(405, "The method is not allowed for the requested URL.")
        raise Problem(404, NOT_FOUND)

    # ---- who asks

    def account(self, call: Call) -> Account | None:
        header = call.headers.get("authorization", "")
        token = header[7:] if header.startswith("Bearer ") else call.first("access_token")
        if not token:
            return None
        if token not in self.tokens:
            raise Problem(401, UNAUTHORISED)
        return self.tokens[token]

    def user(self, call: Call, scope: str = "deposit:write") -> int:
        account = self.account(call)
        if account is None or scope not in account.scopes:
            raise forbidden()
        return account.user

    # ---- legacy deposits

    def list_deposits(self, call: Call) -> Answer:
        user = self.user(call)
        own = [one for one in self.holdings.versions.values() if one.owner == user]
        wanted = {"draft": False, "published": True}.get(call.first("status"))
        own = [one for one in reversed(own) if wanted is None or one.published == wanted]
        hidden = [one for one in own if one.unlisted > 0]
        own = [one for one in own if one.unlisted <= 0]
        for one in hidden:
            one.unlisted -= 1
        page, size = self._page(call, most=100)
        return Answer(200, [self.views.deposit(one) for one in own[(page - 1) * size : page * size]])

    def create_deposit(self, call: Call) -> Answer:
        user = self.user(call)
        version = self.holdings.create(user, self._metadata_of(call))
        return Answer(201, self.views.deposit(version))

    def read_deposit(self, call: Call, number: str) -> Answer:
        return Answer(200, self.views.deposit(self.holdings.deposit(number, self.user(call))))

    def update_deposit(self, call: Call, number: str) -> Answer:
        version = self.holdings.draft(number, self.user(call))
        self.holdings.update(version, self._metadata_of(call))
        return Answer(200, self.views.deposit(version))

    def delete_deposit(self, call: Call, number: str) -> Answer:
        self.holdings.delete(self.holdings.draft(number, self.user(call)))
        return Answer(204)

    def publish(self, call: Call, number: str) -> Answer:
        version = self.holdings.draft(number, self.user(call, "deposit:actions"))
        self.holdings.publish(version)
        return Answer(202, self.views.deposit(version))

    def legacy_new_version(self, call: Call, number: str) -> Answer:
        version = self.holdings.new_version(number, self.user(call, "deposit:actions"))
        self.holdings.import_files(version)
        return Answer(201, self.views.deposit(version))

    def list_deposit_files(self, call: Call, number: str) -> Answer:
        version = self.holdings.deposit(number, self.user(call))
        return Answer(200, [self.views.deposit_file(version, one) for one in version.files.values()])

    def delete_deposit_file(self, call: Call, number: str, file_id: str) -> Answer:
        version = self.holdings.deposit(number, self.user(call))
        key = next((one.key for one in version.files.values() if one.id == file_id), None)
        if key is None:
            raise Problem(404, NOT_FOUND)
        self.holdings.delete_file(version, key)
        return Answer(204)

    @staticmethod
    def _metadata_of(call: Call) -> Any:
        document = call.json()
        unknown = [name for name in document if name != "metadata"]
        if unknown:
            raise invalid(**dict.fromkeys(unknown, "Unknown field."))
        return document.get("metadata", {})

    # ---- buckets

    def put_file(self, call: Call, bucket: str, key: str) -> Answer:
        version = self.holdings.in_bucket(bucket, self.user(call))
        if call.headers.get("content-type", "application/octet-stream") != "application/octet-stream":
            raise Problem(415, "Invalid 'Content-Type' header. Expected one of: application/octet-stream")
        file = self.holdings.put_file(version, key, call.body)
        return Answer(201, self.views.bucket_file(version, file))

    def get_file(self, call: Call, bucket: str, key: str) -> Answer:
        account = self.account(call)
        version = self.holdings.in_bucket(bucket, account.user if account else None)
        return self._content(version, key)

    def list_bucket(self, call: Call, bucket: str) -> Answer:
        account = self.account(call)
        version = self.holdings.in_bucket(bucket, account.user if account else None)
        return Answer(200, [self.views.bucket_file(version, one) for one in version.files.values()])

    def delete_file(self, call: Call, bucket: str, key: str) -> Answer:
        self.holdings.delete_file(self.holdings.in_bucket(bucket, self.user(call)), key)
        return Answer(204)

    # ---- drafts of the new interface

    def new_version(self, call: Call, number: str) -> Answer:
        return Answer(201, self._as_asked(call, self.holdings.new_version(number, self.user(call, "deposit:actions"))))

    def read_draft(self, call: Call, number: str) -> Answer:
        return Answer(200, self._as_asked(call, self.holdings.draft(number, self.user(call))))

    def delete_draft(self, call: Call, number: str) -> Answer:
        return self.delete_deposit(call, number)

    def list_draft_files(self, call: Call, number: str) -> Answer:
        version = self.holdings.draft(number, self.user(call))
        entries = [self.views.draft_file(version, one) for one in version.files.values()]
        return Answer(200, {"enabled": True, "entries": entries, "links": {"self": f"{self.views.url}{call.path}"}})

    def delete_draft_file(self, call: Call, number: str, key: str) -> Answer:
        self.holdings.delete_file(self.holdings.draft(number, self.user(call)), key)
        return Answer(204)

    def import_files(self, call: Call, number: str) -> Answer:
        self.holdings.import_files(self.holdings.draft(number, self.user(call)))
        return Answer(201, self.list_draft_files(call, number).document)

    def publish_draft(self, call: Call, number: str) -> Answer:
        version = self.holdings.draft(number, self.user(call, "deposit:actions"))
        self.holdings.publish(version)
        return Answer(202, self._as_asked(call, version))

    def _as_asked(self, call: Call, version: Version) -> Json:
        wants_new = "application/vnd.inveniordm.v1+json" in call.headers.get("accept", "")
        return self.views.draft(version) if wants_new else self.views.deposit(version)

    # ---- records

    def read_record(self, call: Call, number: str) -> Answer:
        version = self.holdings.versions.get(int(number)) if number.isdecimal() else None
        latest = self.holdings.latest(int(number)) if number.isdecimal() and version is None else None
        if latest is not None:  # the number of all versions together
            return Answer(301, headers={"Location": f"{self.views.url}/api/records/{latest.id}"})
        return Answer(200, self.views.record(self.holdings.record(number)))

    def latest_record(self, call: Call, number: str) -> Answer:
        latest = self.holdings.latest(self.holdings.record(number).concept)
        if latest is None:
            raise missing()
        return Answer(301, headers={"Location": f"{self.views.url}/api/records/{latest.id}"})

    def versions(self, call: Call, number: str) -> Answer:
        family = sorted(self.holdings.family(self.holdings.record(number).concept), key=lambda one: -one.index)
        return self._hits(call, family)

    def record_files(self, call: Call, number: str) -> Answer:
        version = self.holdings.record(number)
        entries = [self.views.record_file(version, one) for one in version.files.values()]
        return Answer(200, {"enabled": True, "entries": entries})

    def record_content(self, call: Call, number: str, key: str) -> Answer:
        version = self.holdings.record(number)
        if version.restricted:
            raise forbidden()
        version.downloads += 1
        return self._content(version, key)

    def old_content(self, call: Call, number: str, key: str) -> Answer:
        query = f"?{urlencode(call.query, doseq=True)}" if call.query else ""
        return Answer(301, headers={"Location": f"{self.views.url}/records/{number}/files/{quote(key)}{query}"})

    def doi(self, call: Call, number: str) -> Answer:
        latest = self.holdings.latest(int(number))
        return Answer(302, headers={"Location": f"{self.views.url}/records/{latest.id if latest else number}"})

    @staticmethod
    def _content(version: Version, key: str) -> Answer:
        file: StoredFile | None = version.files.get(key)
        if file is None:
            raise Problem(404, f'File with key "{key}" not found.')
        headers = {
            "ETag": f'"md5:{file.md5}"',
            "Content-MD5": file.md5,
            "Last-Modified": "Thu, 28 May 2020 12:00:00 GMT",
        }
        headers["Content-Disposition"] = f"attachment; filename={quote(key)}"
        return Answer(200, headers=headers, content=file.content)

    # ---- searches and communities

    def search(self, call: Call) -> Answer:
        found = list(self.holdings.published(all_versions=call.first("all_versions") in {"1", "true"}))
        slugs = [slug for slug in call.query.get("communities", []) if slug in self.holdings.communities]
        if slugs:  # an unknown community is passed over, as if nobody had asked for it
            found = [one for one in found if set(slugs) & set(one.communities)]
        return self._hits(call, found)

    def slashed_search(self, call: Call) -> Answer:
        query = f"?{urlencode(call.query, doseq=True)}" if call.query else ""
        return Answer(301, headers={"Location": f"{self.views.url}/api/records{query}"})

    def read_community(self, call: Call, slug: str) -> Answer:
        if slug not in self.holdings.communities:
            raise missing()
        return Answer(200, self.views.community(slug))

    def search_community(self, call: Call, slug: str) -> Answer:
        if slug not in self.holdings.communities:
            raise missing()
        return self._hits(call, [one for one in self.holdings.published() if slug in one.communities])

    def _hits(self, call: Call, found: list[Version]) -> Answer:
        wanted = call.query.get("type", [])
        found = [one for one in found if not wanted or one.metadata.get("upload_type") in wanted]
        found = [one for one in found if matches(one, call.first("q"))]
        sort = call.first("sort", "newest")
        found.sort(
            key=lambda one: (one.created, one.id), reverse=(sort.lstrip("-") != "oldest") != sort.startswith("-")
        )
        page, size = self._page(call, most=100 if self.account(call) else 25)
        hits = [self.views.record(one) for one in found[(page - 1) * size : page * size]]
        links = {"self": self._page_url(call, page, size)}
        if page > 1:
            links["prev"] = self._page_url(call, page - 1, size)
        if page * size < len(found):
            links["next"] = self._page_url(call, page + 1, size)
        return Answer(200, {"hits": {"hits": hits, "total": len(found)}, "aggregations": {}, "links": links})

    def _page(self, call: Call, *, most: int) -> tuple[int, int]:
        try:
            page, size = int(call.first("page", "1")), int(call.first("size", "10"))
        except ValueError:
            raise Problem(400, "Invalid querystring parameters.") from None
        if size > most:
            hint = " Please use authenticated requests to increase the limit to 100." if most < 100 else ""
            raise invalid(size=f"Page size cannot be greater than {most}.{hint}")
        if page < 1 or size < 1 or page * size > 10_000:
            raise Problem(400, "Invalid querystring parameters.")
        return page, size

    def _page_url(self, call: Call, page: int, size: int) -> str:
        query = {**call.query, "page": [str(page)], "size": [str(size)]}
        query.pop("access_token", None)
        return f"{self.views.url}{call.path}?{urlencode(query, doseq=True)}"


def matches(version: Version, text: str) -> bool:
    """Whether all words and ``field:word`` pairs of a query are in a record; a bare ``/`` breaks the query."""
    if re.search(r"(?<!\\)/", re.sub(r'"[^"]*"', "", text)):
        return False
    own = version.metadata
    for term in re.findall(r'(?:[\w.]+:)?"[^"]*"|\S+', text.replace("\\", "")):
        name, colon, value = term.replace('"', "").partition(":")
        place = own.get(name.removeprefix("metadata."), "") if colon and re.fullmatch(r"[a-z_.]+", name) else own
        if (value if place is not own else term.strip('"')).casefold() not in json.dumps(
            place, ensure_ascii=False
        ).casefold():
            return False
    return True


Handler = Callable[..., Answer]
DEPOSIT, RECORD, NUMBER = "/api/deposit/depositions", "/api/records", r"([^/]+)"
ROUTES: list[tuple[str, dict[str, Handler]]] = [
    (DEPOSIT, {"GET": Api.list_deposits, "POST": Api.create_deposit}),
    (f"{DEPOSIT}/{NUMBER}", {"GET": Api.read_deposit, "PUT": Api.update_deposit, "DELETE": Api.delete_deposit}),
    (f"{DEPOSIT}/{NUMBER}/actions/publish", {"POST": Api.publish}),
    (f"{DEPOSIT}/{NUMBER}/actions/discard", {"POST": Api.delete_deposit}),
    (f"{DEPOSIT}/{NUMBER}/actions/newversion", {"POST": Api.legacy_new_version}),
    (f"{DEPOSIT}/{NUMBER}/files", {"GET": Api.list_deposit_files}),
    (f"{DEPOSIT}/{NUMBER}/files/{NUMBER}", {"DELETE": Api.delete_deposit_file}),
    (f"/api/files/{NUMBER}", {"GET": Api.list_bucket}),
    (f"/api/files/{NUMBER}/{NUMBER}", {"GET": Api.get_file, "PUT": Api.put_file, "DELETE": Api.delete_file}),
    (RECORD, {"GET": Api.search}),
    (f"{RECORD}/", {"GET": Api.slashed_search}),
    (f"{RECORD}/{NUMBER}", {"GET": Api.read_record}),
    (f"{RECORD}/{NUMBER}/versions", {"GET": Api.versions, "POST": Api.new_version}),
    (f"{RECORD}/{NUMBER}/versions/latest", {"GET": Api.latest_record}),
    (f"{RECORD}/{NUMBER}/files", {"GET": Api.record_files}),
    (f"{RECORD}/{NUMBER}/files/{NUMBER}/content", {"GET": Api.record_content}),
    (f"{RECORD}/{NUMBER}/draft", {"GET": Api.read_draft, "DELETE": Api.delete_draft}),
    (f"{RECORD}/{NUMBER}/draft/files", {"GET": Api.list_draft_files}),
    (f"{RECORD}/{NUMBER}/draft/files/{NUMBER}", {"DELETE": Api.delete_draft_file}),
    (f"{RECORD}/{NUMBER}/draft/actions/files-import", {"POST": Api.import_files}),
    (f"{RECORD}/{NUMBER}/draft/actions/publish", {"POST": Api.publish_draft}),
    (f"/api/communities/{NUMBER}", {"GET": Api.read_community}),
    (f"/api/communities/{NUMBER}/records", {"GET": Api.search_community}),
    (rf"/records/{NUMBER}/files/{NUMBER}", {"GET": Api.record_content}),
    (rf"/record/{NUMBER}/files/{NUMBER}", {"GET": Api.old_content}),
    (r"/doi/10\.5281(?:/|%2F)zenodo\.(\d+)", {"GET": Api.doi}),
]


def read_query(text: str) -> Mapping[str, list[str]]:
    return parse_qs(text, keep_blank_values=True)
