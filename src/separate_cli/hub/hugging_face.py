"""Repositories of models on Hugging Face: what is in one, and all that carry a tag.

    hf:user/repo@v1 --GET /api/models/user/repo/revision/v1?blobs=true--> commit, SHA-256 of each file --> RemoteFile
    tags asteroid, separate-cli --GET /api/models?filter=..., page by page--> documents; cards as far as they are short

Read with our own client rather than with ``huggingface_hub``, which compares no checksums and reads answers of any
length; its login is used: ``HF_TOKEN``, or what ``hf auth login`` stored. The token is sent to this host only.

Checked: tests/hub/test_fetch.py and test_searching.py, against a local server that ``huggingface_hub`` works with too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from separate_cli.errors import InputError, RefusedError, RemoteError
from separate_cli.hub.model_files import RemoteFile, choose_model_file, shown_names, unknown_form
from separate_cli.hub.plain_text import clean
from separate_cli.hub.reference_forms import HuggingFaceFile, closest_names
from separate_cli.net.addresses import host_of
from separate_cli.net.session import Client
from separate_cli.settings import hugging_face_url

__all__ = ["LIBRARY_NAME", "client_for_hugging_face", "find_in_repository", "models_tagged", "read_card_text"]

LIBRARY_NAME = "separate-cli"
"""``library_name`` and tag of the models that we publish."""

_PAGE = 100
_MAX_PAGES = 50
_MAX_PAGE_BYTES = 32 << 20
_MAX_REPOSITORY_BYTES = 8 << 20
_MAX_CARD_BYTES = 256 << 10


class _Large(BaseModel):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _File(BaseModel):
    """A file of a repository, as Hugging Face describes it: SHA-256 of a large one, git's SHA-1 of a small one."""

    rfilename: str
    size: NonNegativeInt | None = None
    blobId: str = Field("", pattern=r"^([0-9a-f]{40})?$")  # noqa: N815  its name there
    lfs: _Large | None = None

    @property
    def checksum(self) -> str:
        return f"sha256:{self.lfs.sha256}" if self.lfs else f"git-sha1:{self.blobId}"


class _Repository(BaseModel):
    """What is needed of a repository at a commit."""

    sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    siblings: list[_File] = []
    tags: list[str] = []


def client_for_hugging_face(**options: Any) -> Client:
    """A client that is logged in if the user is."""
    token = _token()
    return Client(token=token, token_host=host_of(hugging_face_url()) if token else None, **options)


def find_in_repository(wanted: HuggingFaceFile, *, client: Client) -> RemoteFile:
    """The file that a reference to a repository means, at the commit that its revision means now.

    Raises:
        InputError: If there is no such repository, revision or file, or several models.
        RefusedError: If its owner has to let the user in first.
        RemoteError: If Hugging Face does not answer, or does not take the user's token.
    """
    base = hugging_face_url()
    answer, content = client.fetch_json(
        f"{base}/api/models/{wanted.repo}/revision/{quote(wanted.revision or 'main', safe='')}",
        params={"blobs": "true"},
        check=False,
        limit=_MAX_REPOSITORY_BYTES,
    )
    if answer.status_code != 200:
        raise _explain(answer, wanted, has_token=bool(_token()))
    try:
        found = _Repository.model_validate(content)
    except ValidationError as error:
        raise unknown_form(str(wanted), error) from error
    files = {file.rfilename: file for file in found.siblings}
    name = wanted.file or choose_model_file(files, where=str(wanted), how=f"add the file: hf:{wanted.repo}/FILE")
    if name not in files:
        raise InputError(f"{wanted} holds no file {name!r}.", hint=f"It holds: {shown_names(files)}.")
    return RemoteFile(
        origin=str(HuggingFaceFile(wanted.repo, found.sha, name)),
        url=f"{base}/{wanted.repo}/resolve/{found.sha}/{quote(name)}",
        name=name,
        size=files[name].size,
        checksum=files[name].checksum,
        title=wanted.repo,
        licence=clean(next((tag[8:] for tag in found.tags if tag.startswith("license:")), ""), limit=40),
        closed=_gate(wanted, has_token=bool(_token())),
    )


def models_tagged(tag: str, *, client: Client) -> Iterator[dict[str, Any]]:
    """Every model that carries ``tag``, with tags and the front matter of its card.

    Raises:
        RemoteError: If Hugging Face does not answer.
    """
    base = hugging_face_url()
    url = f"{base}/api/models?" + urlencode({"filter": tag, "full": "true", "cardData": "true", "limit": _PAGE})
    for _ in range(_MAX_PAGES):
        answer, page = client.fetch_json(url, limit=_MAX_PAGE_BYTES)
        yield from _rows(page)
        url = answer.links.get("next", {}).get("url", "")
        if not url:
            return


def read_card_text(document: Mapping[str, Any], *, client: Client) -> str:
    """The card of a model, as far as it is at most 256 kB long; empty if it has none that can be read."""
    if "README.md" not in {row.get("rfilename") for row in _rows(document.get("siblings"))}:
        return ""
    revision = quote(str(document.get("sha") or "main"), safe="")
    url = f"{hugging_face_url()}/{quote(str(document['id']))}/resolve/{revision}/README.md"
    answer = client.request("GET", url, check=False, stream=True)
    with answer:
        if answer.status_code != 200:
            return ""
        return next(answer.iter_content(_MAX_CARD_BYTES), b"").decode("utf-8", errors="replace")


def _token() -> str | None:
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
    if token is None:
        from huggingface_hub import get_token

        token = get_token()
    return token.strip() or None if token else None


def _explain(answer: Any, wanted: HuggingFaceFile, *, has_token: bool) -> InputError | RefusedError | RemoteError:
    """Why a repository cannot be read: Hugging Face says it in a header, and means a missing one by 401 as well."""
    code, page = answer.headers.get("X-Error-Code", ""), f"{hugging_face_url()}/{wanted.repo}"
    if code == "GatedRepo":
        message, hint = _gate(wanted, has_token=has_token)
        return RefusedError(message, hint=hint)
    if code == "RevisionNotFound":
        return InputError(
            f"{wanted.repo} has no revision {wanted.revision!r}.", hint=f"Its revisions: {page}/tree/main"
        )
    if answer.status_code == 401 and has_token and code != "RepoNotFound":
        return RemoteError(
            "Hugging Face does not accept your token.", hint="Log in again: hf auth login, or correct HF_TOKEN"
        )
    if answer.status_code == 403:
        return RefusedError(f"Your token may not read {wanted}.", hint="Give it the right to read this repository.")
    if answer.status_code in {401, 404}:
        names = closest_names(wanted.repo)
        login = "" if has_token else " If it is private, log in: hf auth login, or set HF_TOKEN."
        return InputError(
            f"There is no model {wanted.repo!r}: neither a file here nor a repository on Hugging Face.",
            hint=f"Close: {', '.join(names)}.{login}" if names else f"Find one: sep search-hub.{login}",
        )
    return RemoteError(f"Hugging Face answers with HTTP {answer.status_code} for {wanted}.", hint="Try again later.")


def _gate(wanted: HuggingFaceFile, *, has_token: bool) -> tuple[str, str]:
    """What to tell those who are not let in: everybody sees a gated repository, but not its files."""
    login = "" if has_token else ", then log in: hf auth login, or set HF_TOKEN"
    return (
        f"{wanted} is gated: its owner asks you to accept conditions first.",
        f"Accept them at {hugging_face_url()}/{wanted.repo}{login}.",
    )


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
