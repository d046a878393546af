"""Where a model runs, and how its memory is reused."""

from __future__ import annotations

import sys

import torch

from separate_cli.errors import UsageError

__all__ = ["choose_device", "keep_freed_memory"]

_KEEP_BYTES = 1 << 30
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""


def choose_device(name: str = "auto") -> torch.device:
    """The device called ``name``; ``"auto"`` is the first of CUDA, Apple's MPS and the processor that is there.

    Raises:
        UsageError: If there is no such device.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        raise UsageError(f"There is no device {name!r} here: {reason}.", hint="Use --device auto or cpu.") from error
    return device


def keep_freed_memory() -> None:
    """Let glibc keep what is freed, instead of giving it back to the kernel and faulting it in again for each layer.

    Nothing happens with another C library.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)
