"""A Zenodo on this computer: a real HTTP server whose answers, limits and quirks are those of zenodo.org.

    with Zenodo() as zenodo:
        number = zenodo.add("my model", {"model.pth": b"..."}, communities=["asteroid-models"])
        monkeypatch.setenv("SEP_ZENODO_URL", zenodo.url)

Its state outlives clients that are killed. ``zenodo.faults`` says at which request what goes wrong.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from servers import serving
from servers.zenodo_api import Account, Answer, Api, Call, read_query
from servers.zenodo_json import Views
from servers.zenodo_records import Holdings, Problem, StoredFile, Version, cleaned

COMMUNITY = "asteroid-models"
TOKEN = "zenodo-token-of-jane-7f3a9c"
STRANGER = "zenodo-token-of-john-1b8e2d"
WRITE_ONLY = "zenodo-token-that-may-not-publish-55aa"

FaultKind = Literal[
    "reset",  # the connection breaks before anything is done
    "reset after",  # it is done, and the connection breaks before the answer
    "cut body",  # the connection breaks in the middle of what the client sends
    "cut answer",  # it is done, and the connection breaks in the middle of the answer
    "429",
    "500",
    "502",
    "503",
    "504",
    "504 after",  # it is done, and the gateway loses patience
    "403",  # for no reason, as it happens there
    "corrupt",  # what is stored is not what was sent
    "slow",
]
STATUSES = {"429": 429, "500": 500, "502": 502, "503": 503, "504": 504, "504 after": 504, "403": 403}
GATEWAY = b"<html><head><title>504 Gateway Time-out</title></head><body><center>nginx</center></body></html>"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong once.

    Args:
        at: At which request, counted from 1 since the fault was planned, of those that ``match``.
        kind: What goes wrong.
        match: Beginning of ``"METHOD /path"``; empty for any request.
    """

    at: int
    kind: FaultKind
    match: str = ""


@dataclass
class Seen:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0
    fault: str = ""

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class _Plan:
    fault: Fault
    seen: int = 0


class Zenodo(serving.Server):
    """The server, in threads of this process.

    Args:
        communities: Slug → user numbers whose records it takes at once. Jane is user 1, John 2.
        searches_a_minute: After so many searches: 429.
        ranges: Whether files can be had in parts.
    """

    def __init__(
        self,
        *,
        communities: Mapping[str, set[int]] | None = None,
        searches_a_minute: int | None = None,
        ranges: bool = True,
    ) -> None:
        super().__init__()
        self._http.RequestHandlerClass = _Talk
        self.holdings = Holdings({COMMUNITY: {1}, "zenodo": set()} if communities is None else communities)
        self.tokens = {TOKEN: Account(1), STRANGER: Account(2), WRITE_ONLY: Account(1, frozenset({"deposit:write"}))}
        self.searches_a_minute, self.ranges = searches_a_minute, ranges
        self.log: list[Seen] = []
        self.state = threading.RLock()
        self._plans: list[_Plan] = []
        self._searches: list[float] = []
        self.api = Api(Views(self.url, self.holdings), self.tokens)

    # ---- for tests

    def plan(self, *faults: Fault) -> None:
        """What goes wrong from now on, in place of what was planned before."""
        with self.state:
            self._plans = [_Plan(fault) for fault in faults]

    def add(
        self,
        title: str,
        files: Mapping[str, bytes],
        *,
        communities: Sequence[str] = (COMMUNITY,),
        number: int | None = None,
        owner: int = 1,
        version_of: int | None = None,
        **metadata: Any,
    ) -> int:
        """Put a published record in; its number."""
        about = {"title": title, "upload_type": "software", "creators": [{"name": "Doe, Jane"}], **metadata}
        with self.state:
            if version_of is not None:
                version = self.holdings.new_version(str(version_of), self.holdings.versions[version_of].owner)
                version.metadata = cleaned(about)
            else:
                version = self.holdings.create(owner, about)
            version.files = {key: StoredFile(key, content) for key, content in files.items()}
            if number is not None:
                del self.holdings.versions[version.id]
                version.id, version.concept = number, number - 1
                self.holdings.versions[number] = version
            self.holdings.publish(version)
            version.communities = list(communities)
        return version.id

    @property
    def published(self) -> list[Version]:
        with self.state:
            return [one for one in self.holdings.versions.values() if one.published]

    @property
    def drafts(self) -> list[Version]:
        with self.state:
            return [one for one in self.holdings.versions.values() if not one.published]

    def lines(self, beginning: str = "") -> list[str]:
        """``"METHOD /path"`` of what came in."""
        return [seen.line for seen in self.log if seen.line.startswith(beginning)]

    # ---- for the handler

    def fault_for(self, line: str) -> str:
        with self.state:
            matching = [plan for plan in self._plans if line.startswith(plan.fault.match)]
            for plan in matching:
                plan.seen += 1
            return next((plan.fault.kind for plan in matching if plan.seen == plan.fault.at), "")

    def is_too_often(self, path: str) -> bool:
        if self.searches_a_minute is None or not path.rstrip("/").endswith("/records"):
            return False
        with self.state:
            self._searches = [moment for moment in self._searches if moment > time.monotonic() - 60]
            self._searches.append(time.monotonic())
            return len(self._searches) > self.searches_a_minute


class _Talk(serving._Talk):
    def _answer(self) -> None:
        zenodo, address = self.server.owner, urlsplit(self.path)
        assert isinstance(zenodo, Zenodo)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers)
        seen.fault = fault = zenodo.fault_for(seen.line)
        zenodo.log.append(seen)
        length = int(headers.get("content-length", 0))
        if fault in {"reset", "cut body"}:
            self.rfile.read(length // 2 if fault == "cut body" else 0)
            return self._break()
        body = self._read(length, slowly=fault == "slow")
        if len(body) < length:
            return self._break()
        if fault == "corrupt" and body and self.command == "PUT" and "/api/files/" in self.path:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if fault in STATUSES and fault != "504 after":
            return self._refuse(seen, STATUSES[fault])
        if zenodo.is_too_often(address.path):
            return self._reply(
                seen, Answer(429, {"status": 429, "message": f"{zenodo.searches_a_minute} per 1 minute"})
            )
        answer = self._do(zenodo, Call(self.command, address.path, read_query(address.query), headers, body))
        if fault == "504 after":
            return self._refuse(seen, 504)
        if fault == "reset after":
            return self._break()
        return self._reply(seen, answer, cut=fault == "cut answer")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815  names that http.server calls

    @staticmethod
    def _do(zenodo: Zenodo, call: Call) -> Answer:
        with zenodo.state:
            try:
                return zenodo.api.answer(call)
            except Problem as problem:
                return Answer(problem.status, problem.body)
            except Exception as error:  # a fault of this server: visible in the answer
                return Answer(500, {"status": 500, "message": repr(error), "error_id": "0"})

    def _read(self, length: int, *, slowly: bool) -> bytes:
        if not slowly:
            return self.rfile.read(length)
        half = self.rfile.read(length // 2)
        time.sleep(0.02)
        return half + self.rfile.read(length - len(half))

    def _break(self) -> None:
        """End the connection as a broken line does: with a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.rfile.close()

    def _refuse(self, seen: Seen, status: int) -> None:
        if status in {502, 504}:
            self._reply(seen, Answer(status, content=GATEWAY, headers={"Content-Type": "text/html"}))
        elif status == 429:
            self._reply(seen, Answer(429, {"status": 429, "message": "100 per 1 minute"}, {"Retry-After": "1"}))
        elif status == 403:
            self._reply(seen, Answer(403, {"status": 403, "message": "Permission denied."}))
        else:
            message = "The server encountered an internal error and was unable to complete your request."
            headers = {"Retry-After": "1"} if status == 503 else {}
            self._reply(seen, Answer(status, {"error_id": "66d2544e", "message": message, "status": status}, headers))

    def _reply(self, seen: Seen, answer: Answer, *, cut: bool = False) -> None:
        seen.status = answer.status
        reset = int(time.time()) + 60
        limits = {"X-RateLimit-Limit": "133", "X-RateLimit-Remaining": "132", "X-RateLimit-Reset": str(reset)}
        headers = {**limits, "Retry-After": "59", **answer.headers}  # Retry-After on success too: that is how it is
        etag = headers.pop("ETag", None)
        if answer.content is not None and etag:
            request = serving.Request(self.command, self.path, {}, self.headers, b"")
            cut_after = len(answer.content) // 2 if cut else None
            ranges = self.server.owner.ranges  # type: ignore[attr-defined]
            how = serving.Fault(etag=etag, headers=headers, ignore_range=not ranges, cut_after=cut_after)
            self._file(request, answer.content, how)
        elif answer.content is not None:
            self._whole(serving.Reply(answer.status, answer.content, headers))
        elif answer.document is None:
            self._whole(serving.Reply(answer.status, b"", headers))
        else:
            reply = serving.Reply.json(answer.document, answer.status, headers)
            if cut:
                self.send_response(reply.status)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body[: len(reply.body) // 2])
            else:
                self._whole(reply)
        self.wfile.flush()
        if cut:
            self._break()
