"""Whether tensors fit a model, found out before the model takes any memory.

    class, arguments --on the device "meta", counted by at_most--> shapes --check_fit--> the real model may be made

Checked: tests/hub/test_checkpoint.py (what does not fit), tests/hub/test_hostile_files.py (sizes, odd tensors).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from separate_cli.errors import InputError
from separate_cli.hub.checkpoint import Weights

__all__ = ["UNFIT", "at_most", "check_fit"]

UNFIT = "The file does not fit its own description."
_LARGEST_LEFT_OUT = 1 << 20
"""Numbers in a tensor that may be missing: windows of old files, which their layers know how to make. Also how many a
tensor may have without holding them all, by repeating some."""
_LARGEST_REBUILT = 1 << 27
"""Numbers in a buffer that the constructor makes from the arguments."""


@contextmanager
def at_most(n_parameters: int, where: str) -> Iterator[None]:
    """Stop whatever makes more parameters than this in the present thread: a description may ask for a billion layers.

    Raises:
        InputError: If there are more.
    """
    thread, made = threading.get_ident(), count(1)

    def counted(module: nn.Module, name: str, parameter: Tensor | None) -> None:
        del module, name
        if parameter is not None and threading.get_ident() == thread and next(made) > n_parameters:
            raise InputError(f"{where}: its arguments ask for many more layers than it has tensors.", hint=UNFIT)

    handle = register_module_parameter_registration_hook(counted)
    try:
        yield
    finally:
        handle.remove()


def check_fit(model: nn.Module, weights: Weights, where: str) -> None:
    """Compare every name, shape and value. Small tensors that are missing are for ``load_state_dict`` to judge.

    Raises:
        InputError: If one does not fit; the message names it.
    """
    wanted = model.state_dict()
    for key in weights.tensors:
        if key not in wanted:
            raise InputError(f"{where}: the model has no {key!r}.", hint=UNFIT)
    for key, value in wanted.items():
        found = weights.tensors.get(key)
        if found is None:
            largest = _LARGEST_REBUILT if key in weights.header.rebuilt else _LARGEST_LEFT_OUT
            if value.numel() > largest:
                raise InputError(f"{where}: {key} {tuple(value.shape)} is missing.", hint=UNFIT)
        else:
            _check_tensor(key, found, value, where)


def _check_tensor(key: str, found: Tensor, wanted: Tensor, where: str) -> None:
    if found.shape != wanted.shape:
        raise InputError(f"{where}: {key} is {tuple(found.shape)}, the model needs {tuple(wanted.shape)}.", hint=UNFIT)
    if found.layout != torch.strided or found.is_quantized or found.is_complex() or found.is_meta:
        raise InputError(f"{where}: {key} does not hold plain numbers.", hint=UNFIT)
    if found.numel() > max(_LARGEST_LEFT_OUT, found.untyped_storage().nbytes() // found.element_size()):
        raise InputError(f"{where}: {key} repeats few numbers to look like {found.numel()}.", hint=UNFIT)
    if found.is_floating_point() != wanted.is_floating_point():
        kinds = [str(tensor.dtype).removeprefix("torch.") for tensor in (found, wanted)]
        raise InputError(f"{where}: {key} holds {kinds[0]} numbers, the model needs {kinds[1]}.", hint=UNFIT)
    if wanted.is_floating_point() and not _finite(key, found, wanted.dtype, where):
        raise InputError(
            f"{where}: {key} holds NaN or infinite weights.", hint="Training went wrong or the file is damaged."
        )


def _finite(key: str, found: Tensor, dtype: torch.dtype, where: str) -> bool:
    """Whether all numbers are finite once they are of the model's type: double precision reaches further."""
    try:
        return bool(torch.isfinite(found.to(dtype)).all())
    except NotImplementedError as error:  # numbers of four bits, for example
        kind = str(found.dtype).removeprefix("torch.")
        raise InputError(f"{where}: {key} holds {kind} numbers, which torch cannot read.", hint=UNFIT) from error
