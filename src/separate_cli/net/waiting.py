"""How long to wait before asking a server again.

attempt, Retry-After --> seconds: 0.5, 1, 2, 4, ... with chance, or what the server asks for
"""

from __future__ import annotations

import secrets
import time
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT_SECONDS", "asked_seconds", "backoff_seconds", "pause"]

LONGEST_WAIT_SECONDS = 120.0
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 30.0


def pause(seconds: float) -> None:
    """Wait. Tests put something quicker in its place."""
    time.sleep(seconds)


def backoff_seconds(attempt: int) -> float:
    """Seconds before attempt number ``attempt`` (from 1): doubling, with chance, so that many clients spread out."""
    full = min(_FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1), _LONGEST_BACKOFF_SECONDS)
    return full * (0.75 + secrets.randbelow(500) / 1000)


def asked_seconds(retry_after: str | None, *, now: float | None = None) -> float | None:
    """What a ``Retry-After`` header asks for, in seconds; None if it says nothing.

    Args:
        retry_after: Seconds, or a date.
        now: The time, in seconds since 1970; the clock's if None.

    >>> asked_seconds("7"), asked_seconds("Thu, 01 Jan 1970 00:01:00 GMT", now=50.0), asked_seconds("soon")
    (7.0, 10.0, None)
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))
