"""Where a model runs."""

from __future__ import annotations

from importlib import import_module

import torch

from separate_cli.errors import UsageError

__all__ = ["choose_device"]


def choose_device(name: str = "auto") -> torch.device:
    """The device called ``name``; ``"auto"`` is the first of CUDA, Apple's MPS and the processor that is there.

    ``"xla"`` is what ``torch_xla`` drives, such as a TPU.

    Raises:
        UsageError: If there is no such device.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        if name == "xla":
            import_module("torch_xla")  # makes the device known to torch
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        raise UsageError(
            f"There is no device {name!r} here: {reason}.", hint="Set the device to auto or cpu."
        ) from error
    return device
