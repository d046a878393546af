"""One polite client for every server that ``sep`` asks.

    request --SEP_OFFLINE? scheme?--> send --429, 5xx, connection lost--> wait, send again
                                        \\--3xx--> check the new address, leave the token behind, send there

Proxies and certificates come from the environment (``HTTPS_PROXY``, ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from separate_cli.errors import RemoteError
from separate_cli.net import waiting
from separate_cli.net.addresses import check_scheme, host_of, shown
from separate_cli.net.responses import HttpError, refusal
from separate_cli.net.waiting import LONGEST_WAIT_SECONDS, asked_seconds, backoff_seconds
from separate_cli.settings import is_offline

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Client", "HttpError"]

_MOST_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_SAYS_WHEN = frozenset({429, 503})
"""Zenodo sends ``Retry-After`` with every answer; only with these does it mean anything."""
_LARGEST_JSON_BYTES = 32 << 20
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_PASSING = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class Client:
    """Sends requests, and asks again where that may help.

    Args:
        token: Access token, sent as ``Authorization: Bearer``.
        token_host: The only host (``zenodo.org``, ``127.0.0.1:8000``) that the token is sent to.
        retries: How often to ask again before giving up.
        timeout: Seconds to wait for a connection, and for each further piece of an answer.
        sleep: How to wait, given seconds; tests and other threads bring their own.

    Raises:
        ValueError: If there is a token without a host.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        token_host: str | None = None,
        retries: int = 5,
        timeout: float = 30,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        if token and not token_host:
            raise ValueError("A token needs the host that it is for")
        from separate_cli import __version__

        self.retries = retries
        self.timeout = timeout
        self.sleep = sleep or waiting.pause
        self._token = token
        self._session = _Session()
        self._session.headers["User-Agent"] = f"sep/{__version__}"
        self._session.auth = _Credentials(token, token_host or "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        retry: bool = True,
        check: bool = True,
        downgrade: bool = False,
        **options: Any,
    ) -> requests.Response:
        """Send a request and follow where it leads.

        Args:
            method: ``GET``, ``POST``, ...
            url: Where to; http or https.
            retry: Ask again on lost connections and on 429, 500, 502, 503 and 504.
            check: Raise on answers of 400 to 499; else return them (429 and 5xx always raise).
            downgrade: Follow from https to http too; only where what comes is verified in another way.
            options: As for ``requests``: ``headers``, ``params``, ``data``, ``json``, ``stream``, ``timeout``. A file
                as ``data`` is sent again from where it stood.

        Raises:
            HttpError: If the answer is an error; it has the ``status``.
            RemoteError: If there is no answer, or if ``SEP_OFFLINE`` forbids to ask.
        """
        if is_offline():
            raise RemoteError(f"SEP_OFFLINE forbids to ask {shown(url)}.", hint="Unset SEP_OFFLINE to use the network.")
        options.setdefault("timeout", self.timeout)
        response = self._ask(method, url, downgrade, self.retries + 1 if retry else 1, options)
        if response.status_code >= 500 or response.status_code == 429 or (check and response.status_code >= 400):
            with response:
                raise refusal(response)
        return response

    def _ask(self, method: str, url: str, downgrade: bool, attempts: int, options: dict[str, Any]) -> requests.Response:
        """Send a request, again and again where that may help; gives the last answer."""
        rewind = _rewinder(options.get("data"))
        attempt = 0
        while True:
            attempt += 1
            rewind()
            try:
                response = self._follow(method, url, downgrade, options, rewind)
            except requests.RequestException as error:
                is_passing = isinstance(error, _PASSING) and not isinstance(error, requests.exceptions.SSLError)
                if attempt >= attempts or not is_passing:
                    raise self._no_answer(url, error) from None
                self.sleep(backoff_seconds(attempt))
                continue
            if response.status_code not in _TRY_AGAIN or attempt >= attempts:
                return response
            response.close()
            self.sleep(_wait_seconds(response, attempt))

    def get_json(self, url: str, *, limit: int = _LARGEST_JSON_BYTES, **options: Any) -> Any:
        """Fetch a JSON document.

        Args:
            url: Where it is.
            limit: The most bytes that are read.
            options: As for ``request``.

        Raises:
            RemoteError: If there is no answer, it is too long, or it is not JSON.
        """
        return self.fetch_json(url, limit=limit, **options)[1]

    def fetch_json(
        self, url: str, *, limit: int = _LARGEST_JSON_BYTES, **options: Any
    ) -> tuple[requests.Response, Any]:
        """As ``get_json``, with the answer for the sake of its headers; asked again where it breaks off.

        With ``check=False`` an answer of 400 to 499 comes with None as its document.
        """
        attempt = 0
        while True:
            attempt += 1
            with self.request("GET", url, stream=True, **options) as response:
                if response.status_code >= 400:
                    return response, None
                try:
                    return response, _parsed(_read(response, limit), url)
                except requests.RequestException as error:
                    if attempt > self.retries or not isinstance(error, _PASSING):
                        raise self._no_answer(url, error) from None
            self.sleep(backoff_seconds(attempt))

    def _follow(
        self, method: str, url: str, downgrade: bool, options: dict[str, Any], rewind: Callable[[], None]
    ) -> requests.Response:
        check_scheme(url)
        options = dict(options)
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._session.request(method, url, allow_redirects=False, **options)
            target = response.headers.get("Location")
            if response.status_code not in _MOVED or not target:
                return response
            response.close()
            try:
                there = urljoin(response.url, target)
            except ValueError:
                raise RemoteError(f"{shown(url)} redirects to no address on the web.", hint="Try another.") from None
            check_scheme(there, coming_from=url, downgrade=downgrade)
            options.pop("params", None)  # they are in the first address only
            if host_of(there) != host_of(url):
                headers = options.get("headers") or {}
                options["headers"] = {k: v for k, v in headers.items() if k.lower() not in _SECRET_HEADERS}
            if response.status_code == 303 or (response.status_code in {301, 302} and method.upper() == "POST"):
                method = "HEAD" if method.upper() == "HEAD" else "GET"
                options = {k: v for k, v in options.items() if k not in {"data", "json", "files"}}
            rewind()
            url = there
        raise RemoteError(f"{shown(url)} redirects in a circle.", hint="Try another address.")

    def _no_answer(self, url: str, error: Exception) -> RemoteError:
        if isinstance(error, requests.exceptions.SSLError):
            why, hint = "its certificate is not trusted", "Behind a company proxy, set REQUESTS_CA_BUNDLE to its file."
        elif isinstance(error, requests.exceptions.ProxyError):
            why, hint = "the proxy does not answer", "Check HTTPS_PROXY and HTTP_PROXY."
        elif isinstance(error, requests.Timeout):
            why, hint = "no answer in time", "Check the network, then run the same command again."
        elif isinstance(error, _PASSING):
            why, hint = "the connection failed", "Check the network, then run the same command again."
        else:
            why, hint = type(error).__name__, "Check the address."
        return RemoteError(f"Cannot reach {shown(url)}: {why}.", hint=hint)


class _Session(requests.Session):
    """Sees no redirects, so that it neither follows them nor reads what comes with them."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Credentials(AuthBase):
    """Adds the token for its host only; user and password of an address for that address only."""

    def __init__(self, token: str | None, token_host: str) -> None:
        self._token = token
        self._host = token_host.lower()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = request.url or ""
        parts = urlsplit(url)
        if parts.username is not None:
            HTTPBasicAuth(unquote(parts.username), unquote(parts.password or ""))(request)
        elif self._token and host_of(url) == self._host:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read(response: requests.Response, limit: int) -> bytes:
    content = bytearray()
    for block in response.iter_content(1 << 16):
        content += block
        if len(content) > limit:
            raise RemoteError(f"{shown(response.url)} answers with more than {limit} bytes; a description is short.")
    return bytes(content)


def _parsed(content: bytes, url: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise RemoteError(
            f"{shown(url)} does not answer in JSON.", hint="Is it the right address? A proxy may be in between."
        ) from None


def _wait_seconds(response: requests.Response, attempt: int) -> float:
    asked = asked_seconds(response.headers.get("Retry-After")) if response.status_code in _SAYS_WHEN else None
    return backoff_seconds(attempt) if asked is None else min(asked, LONGEST_WAIT_SECONDS)


def _rewinder(data: Any) -> Callable[[], None]:
    """What puts a file that is sent back to where it stood."""
    position: int | None = None
    with suppress(AttributeError, OSError):
        position = data.tell()

    def rewind() -> None:
        if position is not None:
            data.seek(position)

    return rewind
