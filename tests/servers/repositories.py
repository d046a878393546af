"""What a pretended Hugging Face holds, and its rules: repositories, commits, large files, who may read. No HTTP here.

Faithful to the public behaviour of huggingface.co in 2026, as far as ``huggingface_hub`` 2.x and we rely on it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

import yaml

LARGE = (".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".onnx", ".npz", ".wav", ".flac", ".zip")
"""What ``.gitattributes`` of a new repository puts into large file storage."""
MANY_BYTES = 10 << 20


class Problem(Exception):
    """An answer that is not a success: status, ``X-Error-Code``, ``X-Error-Message``."""

    def __init__(self, status: int, code: str, message: str, **body: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.body = body or {"error": message}


@dataclass(frozen=True)
class Blob:
    """The content of a file."""

    content: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        """What git itself holds of a large file."""
        return (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()
        )

    @property
    def git_oid(self) -> str:
        stored = self.pointer if self.is_large else self.content
        return hashlib.sha1(b"blob %d\0%b" % (len(stored), stored), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Commit:
    oid: str
    title: str
    date: str
    files: Mapping[str, Blob]


@dataclass
class Repository:
    """A repository of one model.

    Args:
        id: ``user/name``.
        private: Whether strangers do not even learn that it exists.
        gated: Whether everybody sees it, but only those who were let in can read its files.
    """

    id: str
    private: bool = False
    gated: Literal[False, "auto", "manual"] = False
    readers: set[str] = field(default_factory=set)
    commits: list[Commit] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    """Branch or tag → commit."""
    tags: set[str] = field(default_factory=set)
    """Those of ``refs`` that are tags."""
    downloads: int = 0

    @property
    def owner(self) -> str:
        return self.id.partition("/")[0]

    def at(self, revision: str) -> Commit:
        oid = self.refs.get(revision, revision)
        for commit in self.commits:
            if commit.oid == oid:
                return commit
        raise Problem(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def file(self, revision: str, path: str) -> tuple[Commit, Blob]:
        commit = self.at(revision)
        if path not in commit.files:
            raise Problem(404, "EntryNotFound", "Entry not found")
        return commit, commit.files[path]

    def commit(self, files: Mapping[str, Blob], title: str, *, branch: str = "main") -> Commit:
        """Make ``files`` the whole content of a branch."""
        number = len(self.commits)
        text = f"{self.id} {number} {title} {sorted((path, blob.git_oid) for path, blob in files.items())}"
        date = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=number)
        made = Commit(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), title, stamp(date), dict(files))
        self.commits.append(made)
        self.refs[branch] = made.oid
        return made

    def front_matter(self, commit: Commit) -> dict[str, Any]:
        blob = commit.files.get("README.md")
        return {} if blob is None else front_matter(blob.content.decode("utf-8", errors="replace"))


class Hub:
    """All repositories, and the large files that were uploaded."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}

    def create(self, name: str, *, private: bool = False, address: str = "") -> Repository:
        if name in self.repositories:
            message = "You already created this model repo"
            raise Problem(409, "", message, error=message, url=f"{address}/{name}", name=name)
        if not re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", name) or "--" in name or ".." in name:
            raise Problem(400, "", f"Invalid repo name: {name}")
        made = self.repositories[name] = Repository(name, private=private)
        made.commit(
            {".gitattributes": Blob(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n", False)}, "initial commit"
        )
        return made

    def visible(self, name: str, user: str | None) -> Repository:
        """A repository whose existence ``user`` may know; strangers are told the same of private and missing ones."""
        found = self.repositories.get(name)
        if found is None or (found.private and user != found.owner):
            if user is None:
                raise Problem(401, "", "Invalid username or password.")
            raise Problem(404, "RepoNotFound", "Repository not found")
        return found

    def readable(self, name: str, user: str | None) -> Repository:
        """A repository whose files ``user`` may read."""
        found = self.visible(name, user)
        if found.gated and user not in {found.owner, *found.readers}:
            hint = f"Access to model {name} is restricted"
            if user is None:
                raise Problem(
                    401, "GatedRepo", f"{hint}. You must have access to it and be authenticated to access it."
                )
            raise Problem(403, "GatedRepo", f"{hint} and you are not in the authorized list.")
        return found

    def writable(self, name: str, user: str | None) -> Repository:
        if user is None:
            raise Problem(401, "", "Invalid username or password.")
        found = self.visible(name, user)
        if user != found.owner:
            raise Problem(403, "", "Forbidden: you must use a write token to upload to a repository.")
        return found

    def listed(self, user: str | None, *, tags: Iterable[str], search: str = "", author: str = "") -> list[Repository]:
        wanted = set(tags)
        return [
            one
            for one in self.repositories.values()
            if (not one.private or one.owner == user)
            and wanted <= set(self.model_tags(one, one.at("main")))
            and search.casefold() in one.id.casefold()
            and author in {"", one.owner}
        ]

    def apply(self, repository: Repository, revision: str, lines: Iterable[Mapping[str, Any]]) -> Commit:
        """Make a commit from the lines of a commit request."""
        import base64

        files = dict(repository.at(revision).files)
        title = ""
        for line in lines:
            value = line["value"]
            path = str(value.get("path", ""))
            if line["key"] == "header":
                title = value["summary"]
                parent = value.get("parentCommit")
                if parent and parent != repository.at(revision).oid:
                    raise Problem(412, "", "A commit has happened since. Please refresh and try again.")
                continue
            if path.startswith("/") or ".." in path.split("/") or not path:
                raise Problem(400, "", f"Invalid path: {path}")
            if line["key"] == "file":
                files[path] = Blob(base64.b64decode(value["content"]), False)
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.large:
                    raise Problem(
                        400,
                        "",
                        f"Your push was rejected because an LFS pointer pointed to a file that does not exist: {path}",
                    )
                files[path] = Blob(self.large[value["oid"]], True)
            elif line["key"] == "deletedFile":
                if files.pop(path, None) is None:
                    raise Problem(404, "EntryNotFound", "A file with this name doesn't exist")
            elif line["key"] == "deletedFolder":
                files = {name: blob for name, blob in files.items() if not name.startswith(path.rstrip("/") + "/")}
            else:
                raise Problem(400, "", f"Unknown operation {line['key']}")
        return repository.commit(files, title, branch=revision)

    def model_tags(self, repository: Repository, commit: Commit) -> list[str]:
        front = repository.front_matter(commit)
        tags = [str(tag) for tag in as_list(front.get("tags"))]
        tags += [str(front[key]) for key in ("library_name", "pipeline_tag") if front.get(key)]
        tags += [f"dataset:{name}" for name in as_list(front.get("datasets"))]
        tags += [f"license:{name}" for name in as_list(front.get("license"))]
        return list(dict.fromkeys([*tags, "region:us"]))


def blob_for(path: str, content: bytes) -> Blob:
    return Blob(content, goes_to_large_storage(path, len(content)))


def goes_to_large_storage(path: str, size: int) -> bool:
    return size > 0 and (path.endswith(LARGE) or size > MANY_BYTES)


def front_matter(card: str) -> dict[str, Any]:
    found = re.match(r"\s*---\n(.*?)\n---", card, re.DOTALL)
    document = yaml.safe_load(found[1]) if found else {}
    return document if isinstance(document, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
