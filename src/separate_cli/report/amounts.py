"""Amounts of time and data in the form that people read."""

from __future__ import annotations

from itertools import pairwise

__all__ = ["duration", "size"]

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def duration(seconds: float) -> str:
    """A length of time, in its largest unit and, below ten of that, the next one too.

    >>> duration(0.25), duration(59), duration(200), duration(7260), duration(1e6)
    ('0.2 s', '59 s', '3 min 20 s', '2 h 1 min', '11 d')
    """
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    for (unit, length), (smaller, step) in pairwise(_UNITS):
        if seconds >= length:
            whole, rest = divmod(seconds, length)
            small = int(rest // step)
            return f"{whole:.0f} {unit}" + (f" {small} {smaller}" if whole < 10 and small else "")
    return f"{seconds:.0f} s"


def size(n_bytes: float) -> str:
    """An amount of data, in powers of 1000.

    >>> size(999), size(2_120_000), size(5e11)
    ('999 B', '2.1 MB', '500 GB')
    """
    amount, unit = float(n_bytes), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if amount >= 9.95 or unit == "B" else f"{amount:.1f} {unit}"
