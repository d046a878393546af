"""PyTorch pickle files, opened so that nothing in them can run.

``torch.load(weights_only=True)`` with a short list of harmless types that real files hold: NumPy scalars (scores
computed by pandas) and the version string of torch. Any other global is refused by its name. There is no way to turn
this off.
"""

from __future__ import annotations

import io
import pickle
import pickletools
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
        InputError: If the file is missing, truncated or no such file.
        RefusedError: If it names any type outside the list; the message says which.
    """
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless()):
            warnings.simplefilter("ignore")  # old zip layouts warn; what counts is what comes out
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _explain(path, error) from error
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", hint="Check the path.") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}".splitlines()[0][:120]
        hint = "The file is truncated or damaged: get it again."
        raise InputError(f"{path} is not a whole PyTorch file: {why}.", hint=hint) from error


def _explain(path: Path, error: pickle.UnpicklingError) -> InputError | RefusedError:
    unknown = [name for name in _globals_in(path) if not name.startswith(_KNOWN)]
    if unknown:
        return RefusedError(
            f"{path} asks to load {unknown[0]}, which could run code; nothing of it was executed.",
            hint="Where you trust its source, open it with the tool that wrote it and save plain tensors there.",
        )
    return InputError(
        f"{path} is not a PyTorch file: {str(error).splitlines()[0][:120]}", hint="The file is damaged: get it again."
    )


def _globals_in(path: Path) -> list[str]:
    """Names of the types and functions that a pickle mentions, read from its opcodes without running them."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in archive.namelist() if n.endswith("data.pkl")), None)
            content = archive.read(name) if name and archive.getinfo(name).file_size < _MAX_PICKLE_BYTES else b""
    else:
        with path.open("rb") as stream:
            content = stream.read(_MAX_PICKLE_BYTES)
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
