"""A real HTTP server on loopback that can misbehave in every way that servers do.

with Server({"/a.zip": content}) as server:
    server.fault("/a.zip", cut_after=1000, times=3)     # three connections end after 1000 bytes
    server.on("POST", r"/api/records/(\\d+)", handler)  # handler(request, match) -> Reply
    client.get(server.url + "/a.zip")
server.requests, server.sent                            # what was asked, how many bytes of bodies went out
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Content = bytes | Path
"""A file that is served: its bytes, or where they are."""
_BLOCK_BYTES = 1 << 14


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What a handler answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(status, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})


@dataclass(frozen=True)
class Fault:
    """How one answer goes wrong.

    Attributes:
        status: Answer this and nothing else, with ``headers`` (``Retry-After``, ``Location``) and ``body``.
        cut_after: Close the connection after so many bytes of the body.
        declared_length: Say this ``Content-Length`` instead of the true one.
        no_length: Say no length at all; the end of the connection is the end of the body.
        chunked: Send in chunks, without a length.
        ignore_range: Send the whole file whatever was asked.
        wrong_range: Answer 206 with the bytes of another place.
        content: Serve this instead of the file.
        etag: ``"strong"``, ``"weak"``, ``"none"``, or the header itself.
        hold_after: Stop at the block that holds this byte of the body until ``Server.released`` is set.
        headers: Further headers.
        body: With ``status``.
    """

    status: int | None = None
    cut_after: int | None = None
    declared_length: int | None = None
    no_length: bool = False
    chunked: bool = False
    ignore_range: bool = False
    wrong_range: bool = False
    content: Content | None = None
    etag: str | None = None
    hold_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Handler = Callable[[Request, "re.Match[str]"], Reply]


class Server:
    """Serves ``files`` (path, such as ``"/a.zip"`` → content) and what ``on`` adds, from a thread."""

    def __init__(self, files: Mapping[str, Content] | None = None, *, etag: str = "strong") -> None:
        self.files: dict[str, Content] = dict(files or {})
        self.etag = etag
        self.requests: list[Request] = []
        self.sent = 0
        self.held = threading.Event()
        self.released = threading.Event()
        self.lock = threading.Lock()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lasting: dict[str, Fault] = {}
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self._http = _Http(("127.0.0.1", 0), _Talk)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak https from now on."""
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def on(self, method: str, path: str, handler: Handler) -> None:
        """Answer requests whose whole path matches the regular expression; the latest rule counts."""
        self._routes.insert(0, (method, re.compile(path), handler))

    def fault(self, path: str, *, times: int | None = 1, **how: Any) -> None:
        """Let the next answers for ``path`` go wrong, or all of them from now on (``times=None``).

        A ``HEAD`` uses none of the next ones up.
        """
        if times is None:
            self._lasting[path] = Fault(**how)
        else:
            self._faults[path].extend([Fault(**how)] * times)

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        """Send everybody who asks for ``path`` elsewhere."""
        self.fault(path, times=None, status=status, headers={"Location": to})

    def asked(self, path: str, method: str = "GET") -> list[Request]:
        """The requests for ``path`` so far."""
        return [one for one in self.requests if one.path == path and one.method == method]

    def next_fault(self, path: str, method: str) -> Fault:
        with self.lock:
            queue = self._faults[path]
            return queue.popleft() if queue and method != "HEAD" else self._lasting.get(path, Fault())

    def route(self, request: Request) -> Reply | None:
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return handler(request, match)
        return None

    def count(self, amount: int) -> None:
        with self.lock:
            self.sent += amount


class _Http(ThreadingHTTPServer):
    owner: Server
    daemon_threads = True
    request_queue_size = 64  # many clients at once: a full queue would cost them a second

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the tests do all the time."""


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def _answer(self) -> None:
        server = self.server.owner
        parts = urlsplit(self.path)
        body = self._body()
        request = Request(self.command, unquote(parts.path), parse_qs(parts.query), self.headers, body)
        with server.lock:
            server.requests.append(request)
        fault = server.next_fault(request.path, request.method)
        if fault.status is not None:
            self._whole(Reply(fault.status, fault.body, dict(fault.headers)))
            return
        reply = server.route(request)
        if reply is not None:
            self._whole(reply)
        elif request.path in server.files and self.command in {"GET", "HEAD"}:
            self._file(request, server.files[request.path] if fault.content is None else fault.content, fault)
        else:
            self._whole(Reply.json({"status": 404, "message": "There is no such file."}, 404))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815  names that http.server calls

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _whole(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
            self.server.owner.count(len(reply.body))

    def _file(self, request: Request, content: Content, fault: Fault) -> None:
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        etag = _etag(content, fault.etag or self.server.owner.etag)
        start = None if fault.ignore_range else self._start(request, etag)
        if start is not None and start >= size:
            self._whole(Reply(416, headers={"Content-Range": f"bytes */{size}"}))
            return
        first = 0 if start is None or fault.wrong_range else start
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        if etag:
            self.send_header("ETag", etag)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not fault.no_length:
            length = size - first if fault.declared_length is None else fault.declared_length
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.close_connection = fault.no_length or fault.declared_length is not None or fault.cut_after is not None
        if self.command != "HEAD":
            with suppress(OSError):
                self._send(_blocks(content, first, fault.cut_after), fault)

    def _send(self, blocks: Iterator[bytes], fault: Fault) -> None:
        server, sent = self.server.owner, 0
        for block in blocks:
            if fault.hold_after is not None and sent <= fault.hold_after < sent + len(block):
                server.held.set()
                server.released.wait()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if fault.chunked else block)
            server.count(len(block))
            sent += len(block)
        if fault.chunked and fault.cut_after is None:
            self.wfile.write(b"0\r\n\r\n")

    def _start(self, request: Request, etag: str | None) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range") or "")
        condition = request.headers.get("If-Range")
        if match is None or (condition is not None and condition != etag):
            return None
        return int(match[1])

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _etag(content: Content, kind: str) -> str | None:
    if kind == "none":
        return None
    if kind not in {"strong", "weak"}:
        return kind
    if isinstance(content, bytes):
        name = hashlib.sha256(content).hexdigest()[:16]
    else:
        name = f"{content.stat().st_mtime_ns:x}-{content.stat().st_size:x}"
    return f'"{name}"' if kind == "strong" else f'W/"{name}"'


def _blocks(content: Content, start: int, limit: int | None) -> Iterator[bytes]:
    with _opened(content) as read:
        left = limit
        read(start, 0)
        while block := read(None, _BLOCK_BYTES if left is None else min(left, _BLOCK_BYTES)):
            yield block
            left = None if left is None else left - len(block)


@contextmanager
def _opened(content: Content) -> Iterator[Callable[[int | None, int], bytes]]:
    """``read(position or None, length)``."""
    import io

    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:

        def read(position: int | None, length: int) -> bytes:
            if position is not None:
                stream.seek(position)
            return stream.read(length)

        yield read
