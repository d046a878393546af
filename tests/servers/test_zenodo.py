"""The pretended Zenodo answers as the real one is known to: status codes, bodies, limits, quirks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from servers.zenodo import COMMUNITY, STRANGER, TOKEN, WRITE_ONLY, Fault, Zenodo

METADATA = {
    "title": "me/ConvTasNet_tiny",
    "upload_type": "software",
    "description": "<h1>big</h1><p>fine <script>alert(1)</script></p>",
    "creators": [{"name": "Doe, Jane"}],
    "license": "CC-BY-SA-4.0",
    "communities": [{"identifier": COMMUNITY}],
    "nonsense": 1,
}


@pytest.fixture
def zenodo() -> Iterator[Zenodo]:
    with Zenodo(communities={COMMUNITY: {1}, "strict": set()}) as server:
        yield server


class Person:
    """Somebody with a token, or without."""

    def __init__(self, zenodo: Zenodo, token: str = TOKEN) -> None:
        self.session, self.base = requests.Session(), zenodo.url
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if "://" in path else self.base + path
        return self.session.request(method, url, timeout=5, **options)

    def draft(self, **metadata: Any) -> dict[str, Any]:
        found = self("POST", "/api/deposit/depositions", json={"metadata": {**METADATA, **metadata}})
        assert found.status_code == 201
        return found.json()

    def publish(self, content: bytes = b"weights", **metadata: Any) -> dict[str, Any]:
        draft = self.draft(**metadata)
        assert self("PUT", draft["links"]["bucket"] + "/model.pth", data=content).status_code == 201
        done = self("POST", draft["links"]["publish"])
        assert done.status_code == 202
        return done.json()


def test_a_deposit_goes_from_draft_to_record(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    draft = jane.draft()
    assert (draft["state"], draft["files"], draft["id"]) == ("unsubmitted", [], int(draft["conceptrecid"]) + 1)
    stored = jane("PUT", draft["links"]["bucket"] + "/model.pth", data=b"weights")
    assert stored.status_code == 201
    assert stored.json()["checksum"] == f"md5:{hashlib.md5(b'weights').hexdigest()}"
    listed = jane("GET", draft["links"]["files"]).json()
    assert (listed[0]["filename"], listed[0]["checksum"]) == ("model.pth", hashlib.md5(b"weights").hexdigest())
    done = jane("POST", draft["links"]["publish"])
    assert (done.status_code, done.json()["state"]) == (202, "done")
    record = Person(zenodo, "")("GET", f"/api/records/{draft['id']}").json()
    assert record["metadata"]["license"] == {"id": "cc-by-sa-4.0"}
    assert record["metadata"]["communities"] == [{"id": COMMUNITY}]
    assert record["metadata"]["description"] == "big<p>fine alert(1)</p>"
    assert "nonsense" not in record["metadata"]
    content = requests.get(record["files"][0]["links"]["self"], timeout=5)
    assert (content.content, content.headers["ETag"]) == (b"weights", f'"{record["files"][0]["checksum"]}"')


def test_what_is_published_stays_as_it_is(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    done = jane.publish()
    deposit = f"/api/deposit/depositions/{done['id']}"
    assert jane("POST", f"{deposit}/actions/publish").status_code == 404
    assert jane("PUT", deposit, json={"metadata": METADATA}).status_code == 404
    assert jane("DELETE", deposit).status_code == 404
    assert jane("PUT", done["links"]["bucket"] + "/more.txt", data=b"x").status_code == 403
    assert jane("GET", deposit).json()["submitted"] is True


def test_a_draft_is_deleted_once(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    own = jane.draft()["links"]["self"]
    assert [jane("DELETE", own).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(("token", "expected"), [("", 403), ("wrong", 401), (STRANGER, 403)])
def test_only_the_owner_sees_a_draft(zenodo: Zenodo, token: str, expected: int) -> None:
    draft = Person(zenodo).draft()
    other = Person(zenodo, token)
    assert other("GET", draft["links"]["self"]).status_code == expected
    assert other("PUT", draft["links"]["bucket"] + "/a", data=b"x").status_code == expected
    assert other("POST", draft["links"]["publish"]).status_code == expected


def test_a_token_without_the_scope_may_not_publish(zenodo: Zenodo) -> None:
    writer = Person(zenodo, WRITE_ONLY)
    draft = writer.draft()
    assert writer("PUT", draft["links"]["bucket"] + "/a", data=b"x").status_code == 201
    assert writer("POST", draft["links"]["publish"]).json() == {"status": 403, "message": "Permission denied."}


def test_what_is_wrong_with_metadata_is_named(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    unknown = jane("POST", "/api/deposit/depositions", json={"meta": {}})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "meta")
    licence = jane("POST", "/api/deposit/depositions", json={"metadata": {"license": "mine"}})
    assert "Invalid license provided: mine" in str(licence.json()["errors"])
    assert jane("POST", "/api/deposit/depositions", data=b"x").status_code == 415
    empty = jane("POST", "/api/deposit/depositions", json={}).json()
    refused = jane("POST", empty["links"]["publish"])
    assert refused.status_code == 400
    fields = {one["field"] for one in refused.json()["errors"]}
    assert fields == {"metadata.title", "metadata.creators", "metadata.resource_type", "metadata.publication_date"} | {
        "files.enabled"
    }


def test_communities_that_do_not_take_a_record_are_passed_over_in_silence(zenodo: Zenodo) -> None:
    wanted = [{"identifier": slug} for slug in ("strict", "no-such", COMMUNITY)]
    done = Person(zenodo).publish(communities=wanted)
    assert done["metadata"]["communities"] == [{"identifier": COMMUNITY}]
    assert zenodo.published[0].pending == ["strict"]


def test_versions_share_a_concept_that_leads_to_the_latest(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    first = jane.publish()
    drafts = [jane("POST", f"/api/records/{first['id']}/versions").json() for _ in range(2)]
    assert drafts[0]["id"] == drafts[1]["id"] != first["id"]
    assert "title" not in drafts[0]["metadata"] and drafts[0]["files"] == []
    assert jane("POST", drafts[0]["links"]["publish"]).status_code == 400
    jane("PUT", drafts[0]["links"]["self"], json={"metadata": METADATA})
    jane("PUT", drafts[0]["links"]["bucket"] + "/model.pth", data=b"better")
    second = jane("POST", drafts[0]["links"]["publish"]).json()
    assert second["conceptrecid"] == first["conceptrecid"]
    latest = requests.get(f"{zenodo.url}/api/records/{first['conceptrecid']}", timeout=5)
    assert (latest.history[0].status_code, latest.json()["id"]) == (301, second["id"])
    relations = latest.json()["metadata"]["relations"]["version"][0]
    assert (relations["index"], relations["is_last"]) == (1, True)
    hits = requests.get(f"{zenodo.url}/api/records/{first['id']}/versions", timeout=5).json()["hits"]
    assert [hit["id"] for hit in hits["hits"]] == [second["id"], first["id"]]


def test_the_legacy_new_version_has_the_files_of_the_last_and_refuses_a_second_call(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    first = jane.publish()
    draft = jane("POST", first["links"]["newversion"])
    assert (draft.status_code, [one["filename"] for one in draft.json()["files"]]) == (201, ["model.pth"])
    again = jane("POST", first["links"]["newversion"])
    assert again.json()["errors"] == [{"field": "files.enabled", "messages": ["Please remove all files first."]}]


def test_searches_have_pages_of_limited_size(zenodo: Zenodo) -> None:
    for i in range(30):
        zenodo.add(f"model number {i}", {"model.pth": b"x"})
    base = f"{zenodo.url}/api/records"
    refused = requests.get(base, params={"size": 26}, timeout=5)
    assert refused.status_code == 400
    assert "Page size cannot be greater than 25" in refused.json()["errors"][0]["messages"][0]
    assert len(Person(zenodo)("GET", "/api/records?size=100").json()["hits"]["hits"]) == 30
    assert requests.get(base, params={"size": 25, "page": 401}, timeout=5).status_code == 400
    first = requests.get(base, params={"size": 25}, timeout=5).json()
    second = requests.get(first["links"]["next"], timeout=5).json()
    assert (len(first["hits"]["hits"]), len(second["hits"]["hits"]), first["hits"]["total"]) == (25, 5, 30)
    assert "next" not in second["links"]


def test_an_unknown_community_is_searched_as_if_it_were_all_of_zenodo(zenodo: Zenodo) -> None:
    zenodo.add("ours", {"model.pth": b"x"})
    zenodo.add("of others", {"data.zip": b"x"}, communities=[])

    def total(path: str) -> int:
        return requests.get(zenodo.url + path, timeout=5).json()["hits"]["total"]

    assert total(f"/api/records?communities={COMMUNITY}") == 1
    assert total("/api/records?communities=asteroid-model") == 2
    assert requests.get(f"{zenodo.url}/api/communities/asteroid-model", timeout=5).status_code == 404
    assert requests.get(f"{zenodo.url}/api/communities/asteroid-model/records", timeout=5).status_code == 404
    assert requests.get(f"{zenodo.url}/api/communities/{COMMUNITY}", timeout=5).json()["slug"] == COMMUNITY


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("conv", 1),
        ("conv libri", 0),
        ('"me/ConvTasNet"', 1),
        ("me/ConvTasNet", 0),
        ("me\\/ConvTasNet", 1),
        ('keywords:"wham!"', 1),
        ("keywords:conv", 0),
    ],
)
def test_queries_are_words_and_fields_and_a_slash_must_be_quoted(zenodo: Zenodo, query: str, found: int) -> None:
    zenodo.add("me/ConvTasNet", {"model.pth": b"x"}, keywords=["WHAM!"])
    zenodo.add("you/Libri", {"model.pth": b"x"})
    hits = requests.get(f"{zenodo.url}/api/records", params={"q": query}, timeout=5).json()["hits"]
    assert hits["total"] == found


def test_old_addresses_of_files_lead_to_the_new_ones(zenodo: Zenodo) -> None:
    number = zenodo.add("old", {"model.pth": b"abcdef"}, number=3862942)
    assert number == 3862942
    found = requests.get(f"{zenodo.url}/record/3862942/files/model.pth?download=1", timeout=5)
    assert ([one.status_code for one in found.history], found.content) == ([301], b"abcdef")
    part = requests.get(found.url, headers={"Range": "bytes=4-"}, timeout=5)
    assert (part.status_code, part.content) == (206, b"ef")


def test_every_answer_has_limits_and_asks_for_patience(zenodo: Zenodo) -> None:
    answer = requests.get(f"{zenodo.url}/api/records", timeout=5)
    assert answer.status_code == 200 and answer.headers["Retry-After"] == "59"
    assert int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000
    zenodo.searches_a_minute = 2
    codes = [requests.get(f"{zenodo.url}/api/records", timeout=5).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


@pytest.mark.parametrize(
    ("kind", "status", "stored"),
    [
        ("reset", 0, 0),
        ("cut body", 0, 0),
        ("reset after", 0, 1),
        ("cut answer", 0, 1),
        ("429", 429, 0),
        ("503", 503, 0),
        ("504", 504, 0),
        ("504 after", 504, 1),
        ("403", 403, 0),
        ("slow", 201, 1),
    ],
)
def test_faults_happen_when_they_are_planned(zenodo: Zenodo, kind: Any, status: int, stored: int) -> None:
    jane = Person(zenodo)
    draft = jane.draft()
    zenodo.plan(Fault(1, kind, match="PUT /api/files/"))
    try:
        got = jane("PUT", draft["links"]["bucket"] + "/model.pth", data=b"weights" * 1000).status_code
    except requests.RequestException:
        got = 0
    assert (got, len(zenodo.drafts[0].files), zenodo.log[-1].fault) == (status, stored, kind)
    assert jane("PUT", draft["links"]["bucket"] + "/model.pth", data=b"weights").status_code == 201


def test_corruption_shows_in_the_checksum(zenodo: Zenodo) -> None:
    jane = Person(zenodo)
    draft = jane.draft()
    zenodo.plan(Fault(1, "corrupt"))
    stored = jane("PUT", draft["links"]["bucket"] + "/model.pth", data=b"weights").json()
    assert stored["size"] == 7 and stored["checksum"] != f"md5:{hashlib.md5(b'weights').hexdigest()}"
