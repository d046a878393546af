"""Work for worker processes, which can import only what lies on the path."""

from __future__ import annotations

import os
import time
from pathlib import Path

from separate_cli.data.making import Made
from separate_cli.errors import InputError
from separate_cli.files import write_text


def where(item: int) -> tuple[int, int]:
    return item, os.getpid()


def die_once(job: tuple[int, Path]) -> int:
    """Kill this process the first time that the item 3 comes along."""
    item, folder = job
    if item == 3 and not (folder / "dead").exists():
        (folder / "dead").touch()
        os._exit(9)
    return item * item


def die(item: int) -> int:
    if item == 3:
        os._exit(9)
    return item


def refuse_odd(item: int) -> int:
    if item % 2:
        raise InputError(f"{item} is odd.", hint="Use even ones.")
    return item


def slow_square(item: int) -> tuple[int, int]:
    time.sleep(0.02)
    return item * item, os.getpid()


def write_square(item: int, folder: Path) -> Made:
    write_text(folder / "made" / f"{item}.txt", str(item * item))
    return Made({"square": item * item}, (f"made/{item}.txt",))


def write_even(item: int, folder: Path) -> Made:
    return write_square(refuse_odd(item), folder)


def refuse(item: int, folder: Path) -> Made:
    raise AssertionError("This was made already.")
