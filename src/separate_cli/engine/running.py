"""Around a run: which device, which signals, which profiler, and a Lightning that keeps quiet."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from separate_cli.engine.backend import pl
from separate_cli.errors import Interrupted

__all__ = ["Stop", "lightning_device", "listening", "make_profiler", "quiet_lightning"]

_LOGGERS = ("lightning.pytorch", "lightning.fabric", "pytorch_lightning", "lightning_fabric")


def lightning_device(device: torch.device) -> dict[str, Any]:
    """The trainer's arguments for one device.

    >>> lightning_device(torch.device("cuda", 1))
    {'accelerator': 'cuda', 'devices': [1]}
    """
    only = [device.index] if device.type == "cuda" and device.index is not None else 1
    return {"accelerator": "tpu" if device.type == "xla" else device.type, "devices": only}


class Stop:
    """Whether somebody has asked the run to end, by a signal.

    Args:
        numbers: The signals.

    Attributes:
        number: The signal that came and waits for an answer, or None.
    """

    def __init__(self, numbers: Sequence[signal.Signals]) -> None:
        self.numbers = numbers
        self.number: int | None = None

    def __bool__(self) -> bool:
        return self.number is not None

    def listen(self) -> dict[int, Any]:
        """Take up the signals; gives the handlers before. Does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        return {number: signal.signal(number, self._note) for number in self.numbers}

    def answer(self) -> None:
        """Say that what the signal asks for is done."""
        self.number = None

    def _note(self, number: int, frame: object) -> None:
        if self.number is not None:
            raise KeyboardInterrupt
        self.number = number


@contextmanager
def listening(*more: signal.Signals) -> Iterator[Stop]:
    """For a while, Ctrl-C, SIGTERM and ``more`` only note that the run should end; a second one interrupts at once.

    What came too late to be answered here is passed on to the handlers before; so is one of ``more`` that the second
    one has cut short.
    """
    stop = Stop((signal.SIGINT, signal.SIGTERM, *more))
    before = stop.listen()
    to_pass_on: Collection[int] = ()
    try:
        yield stop
        to_pass_on = stop.numbers
    except (KeyboardInterrupt, Interrupted):
        to_pass_on = more
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if stop.number is not None and stop.number in to_pass_on:
            signal.raise_signal(stop.number)


def make_profiler(kind: str | None, folder: Path) -> Any:
    """Lightning's profiler called ``kind``, which writes into ``folder``; None for None."""
    if kind is None:
        return None
    classes = {
        "simple": pl.profilers.SimpleProfiler,
        "advanced": pl.profilers.AdvancedProfiler,
        "pytorch": pl.profilers.PyTorchProfiler,
    }
    folder.mkdir(exist_ok=True)
    return classes[kind](dirpath=folder, filename=kind)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """No advice, no banners, no notes about ranks: what the user should know, we say."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pytorch_)?lightning(_fabric)?\.")
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
