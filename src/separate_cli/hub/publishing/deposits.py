"""Drafts and records of a user on Zenodo: one method a request, and what is known of each answer.

Publishing goes through the legacy deposit interface, which takes a file with one request; new versions are begun
through the record interface, because the legacy one refuses to where a draft is open already. Addresses are taken from
the answers, never built, but only those on the same host.

Checked: tests/hub/publishing/test_deposits.py, against a local server of the same interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from separate_cli.errors import RemoteError
from separate_cli.hub.publishing.publishable import LocalFile
from separate_cli.hub.publishing.sending import Sent
from separate_cli.net.addresses import host_of, shown
from separate_cli.net.session import Client, HttpError
from separate_cli.net.waiting import backoff_seconds
from separate_cli.progress import ProgressTask

__all__ = ["Deposit", "Deposits", "Record"]

_PAGE = 100
_MOST_PAGES = 20
_REFUSALS = 3
"""So often Zenodo may forbid something before it is believed."""
_UPLOAD_ANSWER_SECONDS = 600
"""Zenodo computes checksums before it answers."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _DepositFile(_Answer):
    filename: str
    filesize: int
    checksum: str


class Deposit(_Answer):
    """A draft, or what became of it."""

    id: int
    conceptrecid: int
    submitted: bool
    metadata: dict[str, Any] = {}
    links: dict[str, Any]
    files: list[_DepositFile] = []

    @property
    def notes(self) -> str:
        """Remarks, in HTML."""
        return str(self.metadata.get("notes") or "")

    def contents(self) -> dict[str, tuple[int, str]]:
        """Name → size and MD5 of its files."""
        return {one.filename: (one.filesize, one.checksum.removeprefix("md5:")) for one in self.files}


class _RecordFile(_Answer):
    key: str
    size: int
    checksum: str


class Record(_Answer):
    """A published version, as everybody sees it."""

    id: int
    conceptrecid: int
    doi: str = ""
    conceptdoi: str = ""
    metadata: dict[str, Any] = {}
    links: dict[str, Any] = {}
    files: list[_RecordFile] = []

    @property
    def communities(self) -> tuple[str, ...]:
        """Those that accepted it."""
        rows = self.metadata.get("communities")
        return tuple(str(row.get("id")) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()

    def contents(self) -> dict[str, tuple[int, str]]:
        """Name → size and MD5 of its files."""
        return {one.key: (one.size, one.checksum.removeprefix("md5:")) for one in self.files}


@dataclass(frozen=True)
class Deposits:
    """The deposits of one user on one server.

    Args:
        url: Of the server, without a final slash.
        client: Has the user's token for this server.
    """

    url: str
    client: Client = field(repr=False)

    def own(self) -> Iterator[Deposit]:
        """The user's drafts and records, the latest first."""
        for page in range(1, _MOST_PAGES + 1):
            query = {"size": _PAGE, "page": page, "sort": "mostrecent", "all_versions": "true"}
            rows = self._ask("GET", f"{self.url}/api/deposit/depositions", params=query).json()
            if not isinstance(rows, list):
                raise self._odd("a list of deposits")
            for row in rows:
                yield self._as_deposit(row)
            if len(rows) < _PAGE:
                return

    def read(self, number: int) -> Deposit:
        """A draft or record of the user."""
        return self._deposit("GET", f"{self.url}/api/deposit/depositions/{number}")

    def create(self, metadata: Mapping[str, Any]) -> Deposit:
        """A new draft. Asked for once: where the answer is lost, there may be one nevertheless."""
        return self._deposit(
            "POST", f"{self.url}/api/deposit/depositions", retry=False, json={"metadata": dict(metadata)}
        )

    def new_version(self, record: int) -> Deposit:
        """The draft of the version after the latest; if one is open already, that one."""
        answer = self._ask("POST", f"{self.url}/api/records/{record}/versions").json()
        try:
            return self.read(int(answer["id"]))
        except (KeyError, TypeError, ValueError) as error:
            raise self._odd("the draft of a new version") from error

    def describe(self, deposit: Deposit, metadata: Mapping[str, Any]) -> Deposit:
        """Replace all metadata of a draft."""
        return self._deposit("PUT", self._link(deposit, "self"), json={"metadata": dict(metadata)})

    def upload(self, deposit: Deposit, file: LocalFile, bar: ProgressTask) -> str:
        """Put a file into a draft, in the place of one of the same name; the MD5 of what has arrived."""
        url = f"{self._link(deposit, 'bucket')}/{quote(file.name)}"
        headers = {"Content-Type": "application/octet-stream"}
        with file.path.open("rb") as stream:
            answer = self._ask(
                "PUT",
                url,
                data=Sent(stream, file.size, bar),
                headers=headers,
                timeout=(self.client.timeout, _UPLOAD_ANSWER_SECONDS),
            ).json()
        checksum = answer.get("checksum") if isinstance(answer, dict) else None
        if not isinstance(checksum, str):
            raise self._odd("the checksum of what was uploaded")
        return checksum.removeprefix("md5:")

    def remove_file(self, deposit: Deposit, name: str) -> None:
        """Take a file out of a draft."""
        answer = self._ask("DELETE", f"{self._link(deposit, 'bucket')}/{quote(name)}", check=False)
        if answer.status_code not in {200, 204, 404}:
            raise RemoteError(f"{shown(self.url)} does not remove {name} from the draft {deposit.id}.")

    def publish(self, deposit: Deposit) -> Deposit:
        """Publish a draft. Asked for once: where the answer is lost, it may be done nevertheless."""
        return self._deposit("POST", self._link(deposit, "publish"), retry=False)

    def discard(self, deposit: Deposit) -> None:
        """Delete a draft."""
        answer = self._ask("DELETE", self._link(deposit, "self"), check=False)
        if answer.status_code >= 400 and answer.status_code != 404:
            raise RemoteError(f"{shown(self.url)} does not delete the draft {deposit.id}.")

    def record(self, number: int) -> Record:
        """A published version; the latest one for the number of all versions."""
        try:
            return Record.model_validate(self._ask("GET", f"{self.url}/api/records/{number}").json())
        except ValidationError as error:
            raise self._odd("a record") from error

    def _deposit(self, method: str, url: str, *, retry: bool = True, **options: Any) -> Deposit:
        return self._as_deposit(self._ask(method, url, retry=retry, **options).json())

    def _as_deposit(self, document: Any) -> Deposit:
        try:
            return Deposit.model_validate(document)
        except ValidationError as error:
            raise self._odd("a deposit") from error

    def _ask(self, method: str, url: str, **options: Any) -> Any:
        """Ask, and ask again what is forbidden: Zenodo does so now and then for no reason."""
        headers = {"Accept": "application/json", **options.pop("headers", {})}
        for attempt in range(1, _REFUSALS):
            try:
                return self.client.request(method, url, headers=headers, **options)
            except HttpError as error:
                if error.status != 403:
                    raise
            self.client.sleep(backoff_seconds(attempt))
            if isinstance(options.get("data"), Sent):
                options["data"].seek(0)
        return self.client.request(method, url, headers=headers, **options)

    def _link(self, deposit: Deposit, name: str) -> str:
        """An address from an answer; a stranger's is not followed."""
        link = str(deposit.links.get(name) or "")
        if host_of(link) != host_of(self.url):
            raise self._odd(f"an address for {name!r}")
        return link

    def _odd(self, expected: str) -> RemoteError:
        return RemoteError(
            f"{shown(self.url)} does not answer as expected: {expected} is missing.",
            hint="Is it the right address? Run the same command again later.",
        )
