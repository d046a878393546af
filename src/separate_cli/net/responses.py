"""What a server's refusal means for the user.

404 {"message": "The persistent identifier does not exist."} --refusal--> HttpError(message, hint, status)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from separate_cli.errors import RemoteError
from separate_cli.net.addresses import shown

if TYPE_CHECKING:
    import requests

__all__ = ["HttpError", "refusal"]

_LONGEST_SAYING = 300
_LARGEST_BODY_BYTES = 64 << 10
_HINTS = {
    401: "Check the access token.",
    403: "Check that the access token allows it, or that the page is public.",
    404: "It may have moved or been removed: check the name.",
    410: "It was removed: look for another source.",
    416: "Try again from the start.",
    429: "The server is busy: try again in some minutes.",
}


class HttpError(RemoteError):
    """A server answered that it will not do it.

    Args:
        status: The status of the answer, for example 404.
        message: What happened.
        hint: What to do.
    """

    def __init__(self, status: int, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


def refusal(response: requests.Response) -> HttpError:
    """The error for an answer of 400 or above, with what the server says about it."""
    status = response.status_code
    said = _said(response)
    hint = _HINTS.get(status, "The server has a fault: try again later." if status >= 500 else "")
    message = f"{shown(response.url)} answers {status}{' ' + response.reason if response.reason else ''}"
    return HttpError(status, f"{message}{': ' + said if said else ''}".rstrip(".") + ".", hint=hint)


def _said(response: requests.Response) -> str:
    """The server's words, from its JSON; nothing from a page of HTML."""
    body = bytearray()
    try:
        for block in response.iter_content(1 << 12):
            body += block
            if len(body) > _LARGEST_BODY_BYTES:
                return ""
        words = "; ".join(_sayings(json.loads(body)))
    except Exception:
        return ""
    return "".join(c if c.isprintable() else " " for c in words)[:_LONGEST_SAYING]


def _sayings(document: Any) -> Iterator[str]:
    """``message`` or ``error``, then ``errors[].message`` or ``errors[].messages`` with their fields."""
    if not isinstance(document, dict):
        return
    for key in ("message", "error"):
        if isinstance(document.get(key), str):
            yield document[key]
    errors = document.get("errors")
    for one in errors if isinstance(errors, list) else ():
        if not isinstance(one, dict):
            continue
        several = one.get("messages")
        words = several if isinstance(several, list) else [one.get("message", "")]
        yield f"{one.get('field', '')}: {' '.join(map(str, words))}".removeprefix(": ")
