"""Around a run: which device, which signals, and a Lightning that keeps quiet."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from separate_cli.errors import UsageError

__all__ = ["listening", "pick_device", "quiet_lightning"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def pick_device(name: str) -> tuple[str, Any]:
    """Lightning's accelerator and devices for ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; always one device.

    Raises:
        UsageError: If the name is unknown or there is no such device.

    >>> pick_device("cpu")
    ('cpu', 1)
    """
    if name == "auto":
        return "auto", 1
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"There is no device {name!r}.", hint="Use auto, cpu, cuda, cuda:0 or mps.") from error
    found = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }.get(device.type, 0)
    if (device.index or 0) >= found:
        raise UsageError(f"There is no device {name!r} here.", hint="See: sep doctor")
    return (device.type, 1) if device.index is None or device.type != "cuda" else ("cuda", [device.index])


@contextmanager
def listening() -> Iterator[Callable[[], bool]]:
    """For a while, Ctrl-C and SIGTERM only note that the run should end; a second one interrupts at once.

    Yields:
        A function that says whether the run should end. Outside the main thread it never does.
    """
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping.is_set
        return

    def note(*_: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield stopping.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """No advice, no banners, no notes about ranks: what the user should know, we say."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\.")
        warnings.filterwarnings("ignore", message=r".*(num_workers|log_every_n_steps|lr_scheduler\.step|`?LeafSpec)")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
