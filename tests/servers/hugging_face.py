"""A Hugging Face on this computer: a real HTTP server whose answers are those of huggingface.co.

    with HuggingFace() as hub:
        hub.add("jane/ConvTasNet", {"model.safetensors": b"...", "README.md": card})
        monkeypatch.setenv("HF_ENDPOINT", hub.url)          # or HfApi(endpoint=hub.url)

``huggingface_hub`` itself works with it. Large files come by redirect from another host, ``hub.cdn``, as there.
``hub.fault`` and ``hub.cdn.fault`` make requests go wrong (429, 5xx, cut, slow); everything that was asked is in
``hub.requests`` and ``hub.cdn.requests``.

Uploads follow the large file protocol, not Xet: set ``huggingface_hub.constants.HF_HUB_DISABLE_XET`` in tests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import yaml

from servers.repositories import Blob, Commit, Hub, Problem, Repository, blob_for, front_matter, goes_to_large_storage
from servers.serving import Reply, Request, Server

TOKEN = "hf_token_of_jane_4c1d9e"
STRANGER = "hf_token_of_john_77b0aa"
READ_ONLY = "hf_token_that_may_only_read_0f2c"
_REPO = r"([\w.-]+/[\w.-]+?)"


class HuggingFace(Server):
    """The server, in threads of this process. Jane's token is ``TOKEN``, John's ``STRANGER``.

    Args:
        page: How many models a page of a list has at most.
    """

    def __init__(self, *, page: int = 100) -> None:
        super().__init__()
        self.hub, self.page, self.cdn = Hub(), page, Server()
        self.users = {TOKEN: "jane", STRANGER: "john", READ_ONLY: "jane"}
        for method, path, handler in (
            ("GET", r"/api/models", self._list),
            ("GET", rf"/api/models/{_REPO}(?:/revision/(.+))?", self._model),
            ("GET", rf"/api/models/{_REPO}/tree/(.+)", self._tree),
            ("GET", rf"/api/models/{_REPO}/refs", self._refs),
            ("GET", rf"/api/models/{_REPO}/commits/(.+)", self._commits),
            ("POST", rf"/api/models/{_REPO}/preupload/(.+)", self._preupload),
            ("POST", rf"/api/models/{_REPO}/commit/(.+)", self._commit),
            ("POST", rf"/api/models/{_REPO}/tag/(.+)", self._tag),
            ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch", self._batch),
            ("POST", rf"/{_REPO}\.git/info/lfs/verify", self._verify),
            ("POST", r"/api/repos/create", self._create),
            ("DELETE", r"/api/repos/delete", self._delete),
            ("POST", r"/api/validate-yaml", self._validate),
            ("GET", r"/api/whoami-v2", self._whoami),
            ("GET", rf"/{_REPO}/resolve/(.+)", self._resolve),
            ("HEAD", rf"/{_REPO}/resolve/(.+)", self._resolve),
        ):
            self.on(method, path, self._told(handler))
        self.cdn.on("PUT", r"/upload/([0-9a-f]{64})", self._receive)

    def __enter__(self) -> HuggingFace:
        self.cdn.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.cdn.__exit__(*error)

    # ---- for tests

    def add(
        self,
        name: str,
        files: Mapping[str, bytes],
        *,
        private: bool = False,
        gated: Literal[False, "auto", "manual"] = False,
        tag: str = "",
        downloads: int = 0,
    ) -> Repository:
        """Put a repository in, or a further commit to it; ``tag`` names that commit."""
        found = self.hub.repositories.get(name) or self.hub.create(name, private=private)
        found.gated, found.downloads = gated, downloads
        blobs = {path: blob_for(path, content) for path, content in files.items()}
        made = found.commit({**found.at("main").files, **blobs}, "Upload")
        self._serve(blobs.values())
        if tag:
            found.refs[tag] = made.oid
            found.tags.add(tag)
        return found

    def head(self, name: str) -> Commit:
        """The newest commit of the main branch."""
        return self.hub.repositories[name].at("main")

    # ---- reading

    def _list(self, request: Request, _: re.Match[str]) -> Reply:
        query = request.query
        tags = [tag for value in query.get("filter", []) for tag in value.split(",")]
        found = self.hub.listed(
            self._user(request), tags=tags, search=first(query, "search"), author=first(query, "author")
        )
        if first(query, "sort") == "downloads":
            found.sort(key=lambda one: -one.downloads)
        size = min(int(first(query, "limit") or 1000), self.page)
        start = int(first(query, "cursor") or 0)
        full = first(query, "full").lower() == "true"
        card = first(query, "cardData").lower() == "true"
        rows = [self._describe(one, one.at("main"), full=full, card=card) for one in found[start : start + size]]
        headers = {}
        if start + size < len(found):
            rest = {name: value for name, value in query.items() if name != "cursor"}
            there = f"{self.url}/api/models?{urlencode({**rest, 'cursor': start + size}, doseq=True)}"
            headers["Link"] = f'<{there}>; rel="next"'
        return Reply.json(rows, headers=headers)

    def _model(self, request: Request, match: re.Match[str]) -> Reply:
        found = self.hub.visible(match[1], self._user(request))
        commit = found.at(match[2] or "main")
        blobs = first(request.query, "blobs").lower() == "true"
        return Reply.json(self._describe(found, commit, full=True, card=True, blobs=blobs))

    def _describe(
        self, one: Repository, commit: Commit, *, full: bool, card: bool, blobs: bool = False
    ) -> dict[str, Any]:
        front = one.front_matter(commit)
        row: dict[str, Any] = {
            "_id": hashlib.sha256(one.id.encode()).hexdigest()[:24],
            "id": one.id,
            "modelId": one.id,
            "likes": 0,
            "private": one.private,
            "downloads": one.downloads,
            "tags": self.hub.model_tags(one, commit),
            "createdAt": one.commits[0].date,
        }
        row |= {key: front[key] for key in ("library_name", "pipeline_tag") if key in front}
        if full:
            row |= {"author": one.owner, "sha": commit.oid, "lastModified": commit.date}
            row |= {"gated": one.gated, "disabled": False}
            row["siblings"] = [sibling(path, blob, blobs=blobs) for path, blob in commit.files.items()]
        if card:
            row["cardData"] = front
            row |= {"model-index": front["model-index"]} if "model-index" in front else {}
        return row

    def _tree(self, request: Request, match: re.Match[str]) -> Reply:
        files = self.hub.visible(match[1], self._user(request)).at(match[2].partition("/")[0]).files
        rows = []
        for path, blob in files.items():
            row = {"type": "file", "oid": blob.git_oid, "size": len(blob.content), "path": path}
            rows.append(row | ({"lfs": lfs(blob, "oid")} if blob.is_large else {}))
        return Reply.json(rows)

    def _refs(self, request: Request, match: re.Match[str]) -> Reply:
        found = self.hub.visible(match[1], self._user(request))
        rows = {
            kind: [
                {"name": name, "ref": f"refs/{where}/{name}", "targetCommit": oid}
                for name, oid in found.refs.items()
                if (name in found.tags) == (kind == "tags")
            ]
            for kind, where in (("branches", "heads"), ("tags", "tags"))
        }
        return Reply.json({**rows, "converts": []})

    def _commits(self, request: Request, match: re.Match[str]) -> Reply:
        found = self.hub.visible(match[1], self._user(request))
        found.at(match[2])
        rows = [
            {"id": one.oid, "title": one.title, "message": "", "date": one.date, "authors": []} for one in found.commits
        ]
        return Reply.json(rows[::-1])

    def _resolve(self, request: Request, match: re.Match[str]) -> Reply:
        user, path = self._user(request), match[2]
        found = (
            self.hub.readable(match[1], user) if not path.endswith("/README.md") else self.hub.visible(match[1], user)
        )
        names = sorted(found.refs, key=len, reverse=True)
        revision = next((name for name in names if path.startswith(f"{name}/")), path.partition("/")[0])
        commit, blob = found.file(revision, path[len(revision) + 1 :])
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{blob.git_oid}"', "Accept-Ranges": "bytes"}
        if not blob.is_large:
            return Reply(200, blob.content, {"Content-Type": "text/plain; charset=utf-8", **headers})
        headers |= {"X-Linked-Size": str(len(blob.content)), "X-Linked-ETag": f'"{blob.sha256}"'}
        headers["Location"] = f"{self.cdn.url}/large/{blob.sha256}?Expires=4000000000&Signature=abc"
        return Reply(302, b"Found. Redirecting", headers)

    # ---- writing

    def _create(self, request: Request, _: re.Match[str]) -> Reply:
        user, wanted = self._writer(request), request.json
        owner = wanted.get("organization") or user
        if owner != user:
            raise Problem(403, "", f'You don\'t have the rights to create a model under the namespace "{owner}"')
        name = f"{owner}/{wanted['name']}"
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        made = self.hub.create(name, private=private, address=self.url)
        return Reply.json({"url": f"{self.url}/{made.id}", "name": made.id, "id": made.id})

    def _delete(self, request: Request, _: re.Match[str]) -> Reply:
        user, wanted = self._writer(request), request.json
        found = self.hub.writable(f"{wanted.get('organization') or user}/{wanted['name']}", user)
        del self.hub.repositories[found.id]
        return Reply(200, b"OK")

    def _preupload(self, request: Request, match: re.Match[str]) -> Reply:
        files = self.hub.writable(match[1], self._writer(request)).at(match[2]).files
        rows = []
        for one in request.json["files"]:
            held = files.get(one["path"])
            row = {"path": one["path"], "shouldIgnore": False}
            row["uploadMode"] = "lfs" if goes_to_large_storage(one["path"], one["size"]) else "regular"
            rows.append(row | ({"oid": held.sha256 if held.is_large else held.git_oid} if held else {}))
        return Reply.json({"files": rows})

    def _batch(self, request: Request, match: re.Match[str]) -> Reply:
        self.hub.writable(match[1], self._writer(request))
        rows = []
        for one in request.json["objects"]:
            row = {"oid": one["oid"], "size": one["size"], "authenticated": True}
            if one["oid"] not in self.hub.large:
                row["actions"] = {
                    "upload": {"href": f"{self.cdn.url}/upload/{one['oid']}?Signature=abc"},
                    "verify": {"href": f"{self.url}/{match[1]}.git/info/lfs/verify"},
                }
            rows.append(row)
        return Reply.json(
            {"transfer": "basic", "objects": rows}, headers={"Content-Type": "application/vnd.git-lfs+json"}
        )

    def _receive(self, request: Request, match: re.Match[str]) -> Reply:
        if hashlib.sha256(request.body).hexdigest() != match[1]:
            return Reply(400, b"<Error><Code>BadDigest</Code></Error>", {"Content-Type": "application/xml"})
        with self.lock:
            self.hub.large[match[1]] = request.body
        return Reply(200, headers={"ETag": f'"{match[1][:32]}"'})

    def _verify(self, request: Request, match: re.Match[str]) -> Reply:
        self.hub.writable(match[1], self._writer(request))
        wanted = request.json
        if len(self.hub.large.get(wanted["oid"], b"")) != wanted["size"]:
            raise Problem(404, "", "Object does not exist on the server")
        return Reply.json({})

    def _commit(self, request: Request, match: re.Match[str]) -> Reply:
        found = self.hub.writable(match[1], self._writer(request))
        lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
        with self.lock:
            made = self.hub.apply(found, match[2], lines)
        self._serve(made.files.values())
        where = f"{self.url}/{found.id}/commit/{made.oid}"
        return Reply.json({"success": True, "commitOid": made.oid, "commitUrl": where, "hookOutput": ""})

    def _tag(self, request: Request, match: re.Match[str]) -> Reply:
        found = self.hub.writable(match[1], self._writer(request))
        name = request.json["tag"]
        if name in found.refs:
            raise Problem(409, "", "Tag reference exists already")
        found.refs[name] = found.at(match[2]).oid
        found.tags.add(name)
        return Reply.json({})

    def _validate(self, request: Request, _: re.Match[str]) -> Reply:
        try:
            front = front_matter(request.json["content"])
        except yaml.YAMLError as error:
            return Reply.json({"errors": [{"message": str(error)}], "warnings": []}, 400)
        warnings = [] if front else [{"message": "empty or missing yaml metadata in repo card"}]
        errors = [] if not front.get("model-index") or front["model-index"][0].get("name") else ["model-index[0].name"]
        document = {"errors": [{"message": f'"{one}" is required'} for one in errors], "warnings": warnings}
        return Reply.json(document, 400 if errors else 200)

    # ---- who asks

    def _whoami(self, request: Request, _: re.Match[str]) -> Reply:
        user = self._user(request)
        if user is None:
            raise Problem(401, "", "Invalid username or password.")
        role = "read" if bearer(request) == READ_ONLY else "write"
        token = {"displayName": "test", "role": role}
        return Reply.json(
            {"type": "user", "name": user, "orgs": [], "auth": {"type": "access_token", "accessToken": token}}
        )

    def _user(self, request: Request) -> str | None:
        token = bearer(request)
        if token and token not in self.users:
            raise Problem(401, "", "Invalid credentials in Authorization header")
        return self.users.get(token)

    def _writer(self, request: Request) -> str | None:
        user = self._user(request)
        if bearer(request) == READ_ONLY:
            raise Problem(403, "", "Forbidden: you must use a write token to upload to a repository.")
        if user is None:
            raise Problem(401, "", "Invalid username or password.")
        return user

    def _told(self, handler: Callable[[Request, re.Match[str]], Reply]) -> Callable[[Request, re.Match[str]], Reply]:
        """Answer a broken rule as Hugging Face does."""

        def told(request: Request, match: re.Match[str]) -> Reply:
            try:
                return handler(request, match)
            except Problem as problem:
                headers = {"X-Error-Message": problem.message, "X-Request-Id": "Root=1-test"}
                headers |= {"X-Error-Code": problem.code} if problem.code else {}
                return Reply.json(problem.body, problem.status, headers)

        return told

    def _serve(self, blobs: Any) -> None:
        for blob in blobs:
            if isinstance(blob, Blob) and blob.is_large:
                self.hub.large[blob.sha256] = blob.content
                self.cdn.files[f"/large/{blob.sha256}"] = blob.content


def sibling(path: str, blob: Blob, *, blobs: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"rfilename": path}
    if blobs:
        row |= {"size": len(blob.content), "blobId": blob.git_oid}
        row |= {"lfs": lfs(blob, "sha256")} if blob.is_large else {}
    return row


def lfs(blob: Blob, key: str) -> dict[str, Any]:
    return {key: blob.sha256, "size": len(blob.content), "pointerSize": len(blob.pointer)}


def first(query: Mapping[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def bearer(request: Request) -> str:
    header = request.headers.get("Authorization") or ""
    return header[7:] if header.startswith("Bearer ") else ""
