"""PyTorch pickle files, opened so that nothing in them can run.

``torch.load(weights_only=True)`` with a short list of harmless types that real files hold: NumPy scalars (scores
computed by pandas) and the version string of torch. Any other global is refused by its name. There is no way to turn
this off.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from separate_cli.errors import InputError, RefusedError

__all__ = ["load_pickle"]


_KNOWN = ("torch", "collections.OrderedDict", "_codecs.encode", "numpy.dtype", "numpy._core.multiarray.scalar")
_MAX_PICKLE_BYTES = 64 << 20


def _harmless() -> list[Any]:
    scalar = np.float64(0.0).__reduce__()[0]
    names = ("Float64", "Float32", "Float16", "Int64", "Int32", "Bool", "Str")
    return [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *(getattr(np.dtypes, f"{name}DType") for name in names),
        torch.torch_version.TorchVersion,
    ]


def load_pickle(path: Path) -> Any:
    """Open a file written by ``torch.save`` without running anything in it.

    Raises:
        InputError: If the file is missing, truncated, compressed or no such file.
        RefusedError: If it names any type outside the list; the message says which.
    """
    _refuse_compressed(path)
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless()):
            warnings.simplefilter("ignore")  # old zip layouts warn; what counts is what comes out
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _explain(path, error) from error
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", hint="Check the path.") from error
    except Exception as error:  # what is damaged raises whatever it likes
        why = f"{type(error).__name__}: {error}".splitlines()[0][:120].rstrip(".")
        hint = "The file is truncated or damaged: get it again."
        raise InputError(f"{path} is not a whole PyTorch file: {why}.", hint=hint) from error


def _refuse_compressed(path: Path) -> None:
    """Torch stores without compression; a compressed archive may be a hundred thousand times as large as its file."""
    try:
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        hint = "The file is truncated or damaged: get it again."
        raise InputError(f"{path} is not a whole PyTorch file: {error}.", hint=hint) from error
    size = path.stat().st_size
    if claimed > size:
        raise InputError(
            f"{path} is not a PyTorch file: its {size} bytes claim to hold {claimed}.",
            hint="PyTorch does not compress. Where you trust it, unpack it and save it again with torch.save.",
        )


def _explain(path: Path, error: pickle.UnpicklingError) -> InputError | RefusedError:
    unknown = [name for name in _globals_in(path) if not name.startswith(_KNOWN)]
    if unknown:
        return RefusedError(
            f"{path} asks to load {unknown[0]}, which could run code; nothing of it was executed.",
            hint="Where you trust its source, open it with the tool that wrote it and save plain tensors there.",
        )
    why = re.search(r"WeightsUnpickler error:\s*(.+)", str(error))
    said = why[1] if why else str(error).splitlines()[0]
    return InputError(
        f"{path} is not a PyTorch file: {said[:120].rstrip('. ')}.", hint="The file is damaged: get it again."
    )


def _pickle_in(path: Path) -> bytes:
    """The start of the pickle in a file of either form; nothing where it cannot be found."""
    with suppress(Exception):  # a damaged archive raises whatever it likes
        if not zipfile.is_zipfile(path):
            with path.open("rb") as stream:
                return stream.read(_MAX_PICKLE_BYTES)
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
            with archive.open(name) as entry:
                return entry.read(_MAX_PICKLE_BYTES)
    return b""


def _globals_in(path: Path) -> list[str]:
    """Names of the types and functions that a pickle mentions, read from its opcodes without running them."""
    content = _pickle_in(path)
    found: list[str] = []
    strings: list[str] = []
    stream_of_pickles = io.BytesIO(content)
    with suppress(Exception):  # a damaged pickle: what was found so far is what there is
        while stream_of_pickles.tell() < len(content):
            for opcode, argument, _ in pickletools.genops(stream_of_pickles):
                if opcode.name == "GLOBAL":
                    found.append(str(argument).replace(" ", "."))
                elif opcode.name == "STACK_GLOBAL":
                    found.append(".".join(strings[-2:]))
                elif isinstance(argument, str):
                    strings.append(argument)
    return found
