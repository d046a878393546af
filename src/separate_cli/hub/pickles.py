"""PyTorch pickle files, opened so that nothing in them can run.

    file --container--> zip | old form --read opcodes--> names --all harmless?--> torch.load(weights_only=True)

Before torch opens a file, its opcodes are read, without executing any: a name outside a short list of harmless ones is
refused, and so are the few ways to fill the memory from a small file. The list is torch's own without ``bytearray``,
with what real files hold besides: NumPy scalars (scores computed by pandas) and the version string of torch. There is
no way to turn this off.

Checked: tests/hub/test_hostile_pickles.py, tests/hub/test_asteroid_import.py.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING  # how torch, too, reads the names of Python 2
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from separate_cli.errors import InputError, RefusedError
from separate_cli.hub.plain_text import clean

__all__ = ["load_pickle"]

_AGAIN = "The file is truncated or damaged: get it again."
_HARMLESS = re.compile(
    r"torch\.(Size|device|Tensor|nn\.parameter\.Parameter|torch_version\.TorchVersion|serialization\._get_layout"
    r"|_utils\._rebuild_\w+|_tensor\._rebuild_from_type_v2|per_(tensor|channel)_\w+"
    r"|((cuda|sparse|cuda\.sparse)\.)?[A-Z]\w+(Storage|Tensor)|storage\.(Typed|Untyped)Storage)"
    r"|collections\.(OrderedDict|Counter)|builtins\.(set|complex)|_codecs\.encode"
    r"|numpy\.dtype|numpy\._?core\.multiarray\.scalar|numpy\.dtypes\.\w+DType"
)
_NUMBER_TYPES = frozenset(f"torch.{name}" for name, value in vars(torch).items() if isinstance(value, torch.dtype))
_ENCODE = "_codecs.encode"
_CHAIN = "_codecs.encode of computed values"
_FILLS_MEMORY = frozenset({"builtins.bytearray", _CHAIN})
_OLD_FORM = torch.serialization.MAGIC_NUMBER.to_bytes(10, "little")
_PICKLES_OF_OLD_FORM = 5
"""The magic number, the version, the system, the content, the names of the storages."""


def load_pickle(path: Path) -> Any:
    """Open a file written by ``torch.save`` without running anything in it.

    Raises:
        InputError: If the file is missing, truncated, compressed or no such file.
        RefusedError: If it names any type outside the list, or one that may take any amount of memory; the message
            says which.
    """
    try:
        scan = _names_in(path)
        with (
            path.open("rb") as stream,  # by its path, torch would judge a file by its name
            warnings.catch_warnings(),
            torch.serialization.safe_globals(_harmless()),
        ):
            warnings.simplefilter("ignore")  # old zip layouts warn; what counts is what comes out
            return torch.load(stream, map_location="cpu", weights_only=True)
    except (InputError, RefusedError):
        raise
    except pickle.UnpicklingError as error:
        raise _explain(path, error, scan.protocol) from error
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", hint="Check the path.") from error
    except Exception as error:  # what is damaged raises whatever it likes
        why = clean(f"{type(error).__name__}: {error}".splitlines()[0], limit=160).rstrip(".")
        raise InputError(f"{path} is not a whole PyTorch file: {why}.", hint=_AGAIN) from error


def _harmless() -> list[Any]:
    names = ("Float64", "Float32", "Float16", "Int64", "Int32", "Bool", "Str")
    return [
        (_number, "numpy.core.multiarray.scalar"),
        (_number, "numpy._core.multiarray.scalar"),
        np.dtype,
        *(getattr(np.dtypes, f"{name}DType") for name in names),
        torch.torch_version.TorchVersion,
    ]


def _number(kind: np.dtype[Any], content: bytes) -> Any:
    """A NumPy scalar of given bytes; NumPy's own function also makes empty ones, of any size."""
    return np.float64(0.0).__reduce__()[0](kind, content)


@dataclass
class _Scan:
    """What the opcodes of a pickle say.

    Attributes:
        names: Types and functions that it mentions, and ``_CHAIN``.
        protocol: The highest that it declares.
        memo: Number → what was stored under it: ``("name", ...)``, ``("text", ...)``, or None for anything else.
        recent: The same for the last three values that were pushed.
    """

    names: list[str] = field(default_factory=list)
    protocol: int = 0
    memo: dict[int, tuple[str, str] | None] = field(default_factory=dict)
    recent: deque[tuple[str, str] | None] = field(default_factory=lambda: deque([None] * 3, maxlen=3))

    def read(self, stream: IO[bytes]) -> None:
        """Read one pickle; raises whatever a damaged one makes ``pickletools`` raise."""
        self.memo.clear()
        for opcode, argument, _ in pickletools.genops(stream):
            self._see(opcode.name, argument)

    def _see(self, opcode: str, argument: Any) -> None:
        if opcode == "PROTO":
            self.protocol = max(self.protocol, argument)
        elif opcode in {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}:
            self.memo[len(self.memo) if argument is None else argument] = self.recent[-1]
        elif opcode in {"GET", "BINGET", "LONG_BINGET"}:
            self._push(self.memo.get(argument), again=True)
        elif opcode in {"GLOBAL", "INST"}:
            self._push(("name", _modern(*argument.split(" ", 1))))
        elif opcode == "STACK_GLOBAL":
            texts = [value[1] if value and value[0] == "text" else "?" for value in list(self.recent)[-2:]]
            self._push(("name", _modern(*texts)))
        elif opcode in {"EXT1", "EXT2", "EXT4"}:
            self._push(("name", f"copyreg extension {argument}"))
        elif opcode != "FRAME":
            self._push(("text", argument) if isinstance(argument, str) else None)

    def _push(self, value: tuple[str, str] | None, *, again: bool = False) -> None:
        """Bytes are ``_codecs.encode(text, "latin1")``; of another codec or of a result, they grow without end."""
        encode = ("name", _ENCODE)
        literal = value is not None and value[0] == "text" and (not again or len(value[1]) <= 1)
        if (self.recent[-1] == encode and not literal) or (self.recent[-2] == encode and value != ("text", "latin1")):
            self.names.append(_CHAIN)
        if value is not None and value[0] == "name":
            self.names.append(value[1])
        self.recent.append(value)


def _modern(module: str, name: str) -> str:
    """The full name in Python 3 of what may be named as in Python 2."""
    if (module, name) in NAME_MAPPING:
        module, name = NAME_MAPPING[module, name]
    return f"{IMPORT_MAPPING.get(module, module)}.{name}"


def _names_in(path: Path) -> _Scan:
    """Read the opcodes of all pickles that torch would load from the file, and refuse what may not be loaded."""
    scan = _Scan()
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
            stream.seek(0)
            if start.startswith(b"PK\x03\x04"):  # as torch decides
                _check_archive(path)
                scan.read(io.BytesIO(torch._C.PyTorchFileReader(stream).get_record("data.pkl")))
            else:
                for _ in range(_PICKLES_OF_OLD_FORM if _OLD_FORM in start else 1):
                    scan.read(stream)
    finally:  # also of a damaged file, a harmful name is the more important news
        _refuse(path, scan.names)
    if not start.startswith(b"PK") and _OLD_FORM not in start:
        raise InputError(
            f"{path} is a pickle, but not one that torch.save wrote.",
            hint="Where you trust its source, open it with the tool that wrote it and save it with torch.save.",
        )
    return scan


def _refuse(path: Path, names: list[str]) -> None:
    for name in names:
        if name in _FILLS_MEMORY:
            raise _refusal(path, name, "which can take any amount of memory")
        if name not in _NUMBER_TYPES and not _HARMLESS.fullmatch(name):
            raise _refusal(path, name, "which could run code")


def _refusal(path: Path, name: str, why: str) -> RefusedError:
    return RefusedError(
        f"{path} asks to load {clean(name)}, {why}; nothing of it was executed.",
        hint="Where you trust its source, open it with the tool that wrote it and save plain tensors there.",
    )


def _check_archive(path: Path) -> None:
    """Torch stores without compression; a compressed archive may be a hundred thousand times as large as its file."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = [entry.filename.partition("/")[2] for entry in entries]
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        raise InputError(
            f"{path} is a TorchScript program, which sep does not run.",
            hint="Get the checkpoint that it was made from, or load it with torch.jit.load and save its state_dict.",
        )
    if "data.pkl" not in names:
        raise InputError(
            f"{path} is a zip archive, but not one of PyTorch: there is no data.pkl in it.",
            hint="If a model is packed in it, unpack it and give the model's file.",
        )
    size, claimed = path.stat().st_size, sum(entry.file_size for entry in entries)
    if claimed > size:
        raise InputError(
            f"{path} is not a PyTorch file: its {size} bytes claim to hold {claimed}.",
            hint="PyTorch does not compress. Where you trust it, unpack it and save it again with torch.save.",
        )


def _explain(path: Path, error: pickle.UnpicklingError, protocol: int) -> InputError | RefusedError:
    """Torch's refusal of what looked harmless, in our words."""
    unknown = re.search(r"GLOBAL ([\w.]+)", str(error))
    if unknown:  # this version of torch knows fewer
        return _refusal(path, unknown[1], "which could run code")
    if protocol > 2:
        return InputError(
            f"{path} is written in pickle protocol {protocol}, of which torch's safe reader knows only a part.",
            hint="Save it again as torch.save does by default, with pickle_protocol=2, where you trust its source.",
        )
    why = re.search(r"WeightsUnpickler error:\s*(.+)", str(error))
    said = clean(why[1] if why else str(error).splitlines()[0], limit=160)
    return InputError(f"{path} is not a PyTorch file: {said.rstrip('. ')}.", hint="The file is damaged: get it again.")
