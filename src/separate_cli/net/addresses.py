"""Addresses: which host a secret belongs to, and how an address may be shown.

https://user:secret@host/file?access_token=1 --shown--> https://host/file
"""

from __future__ import annotations

from urllib.parse import urlsplit

from separate_cli.errors import RemoteError

__all__ = ["check_scheme", "host_of", "shown"]

_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Host and port that an address leads to; the usual port of its scheme is left out.

    >>> host_of("https://user:secret@Zenodo.org:443/api"), host_of("http://127.0.0.1:8000")
    ('zenodo.org', '127.0.0.1:8000')
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return host if parts.port in {None, _PORTS.get(parts.scheme.lower())} else f"{host}:{parts.port}"


def shown(url: str) -> str:
    """An address for messages: without user, password and query, where secrets are.

    >>> shown("https://me:secret@host.org/a/b.zip?access_token=123#x")
    'https://host.org/a/b.zip'
    """
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{host_of(url)}{parts.path}"
    except ValueError:
        return "the address"


def check_scheme(url: str, *, coming_from: str = "", downgrade: bool = False) -> None:
    """Refuse everything that is not http or https, such as ``file://``, and a step down from https to http.

    Args:
        url: Where to go.
        coming_from: The address that redirected there, if any.
        downgrade: Whether https may lead to http, because what comes is verified in another way.

    Raises:
        RemoteError: If it is refused.
    """
    origin = f"{shown(coming_from)} redirects to" if coming_from else "This is"
    try:
        scheme, is_whole = urlsplit(url).scheme.lower(), bool(host_of(url))
    except ValueError:
        scheme, is_whole = "", False
    if scheme not in _PORTS or not is_whole:
        raise RemoteError(f"{origin} no address on the web: {shown(url)}.", hint="Only http and https are followed.")
    if scheme == "http" and coming_from.lower().startswith("https:") and not downgrade:
        raise RemoteError(
            f"{origin} {shown(url)}, which is not encrypted.", hint="Use another address, one that stays with https."
        )
