"""Arrays in ``.npz`` files, text among them, without running anything in them.

NumPy keeps text of unequal lengths as a pickle, which may run code. Only what such an array needs is let through.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.errors import InputError, RefusedError

__all__ = ["read_arrays"]

_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Only what rebuilds an array of text."""
        if (module, name) not in _ALLOWED:
            raise RefusedError(f"It wants to call {module}.{name}.", hint="Get this file from its source again.")
        return super().find_class(module.replace("numpy.core", "numpy._core") if hasattr(np, "_core") else module, name)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Name → array of a ``.npz`` file.

    Raises:
        InputError: If it is missing or damaged.
        RefusedError: If it would run code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}
    except RefusedError as error:
        raise RefusedError(f"{path} is refused. {error.message}", hint=error.hint) from error
    except (OSError, ValueError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Download it again.") from error


def _array(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _, _, kind = read_header(stream)
    if not kind.hasobject:
        plain: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        return plain
    found = _Unpickler(stream).load()
    if not isinstance(found, np.ndarray):
        raise pickle.UnpicklingError("it holds something else than arrays")
    return found
