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

__all__ = ["lightning_device", "listening", "quiet_lightning"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def lightning_device(device: torch.device) -> dict[str, Any]:
    """The trainer's arguments for one device.

    >>> lightning_device(torch.device("cuda", 1))
    {'accelerator': 'cuda', 'devices': [1]}
    """
    only = [device.index] if device.type == "cuda" and device.index is not None else 1
    return {"accelerator": device.type, "devices": only}


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
        warnings.filterwarnings(
            "ignore", message=r".*(num_workers|log_every_n_steps|lr_scheduler\.step|`?LeafSpec|fork\(\))"
        )
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
