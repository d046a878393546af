"""Our checkpoint file: safetensors weights and a validated header. Nothing in it can run code.

    model, header --save_checkpoint--> NAME.safetensors --read_checkpoint--> Header, {key: tensor}

The header length is checked before the file is handed to the safetensors library, and shapes are compared with the
model's before any memory is taken for it (``hub.loading``).
"""

from __future__ import annotations

import json
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from separate_cli.errors import InputError
from separate_cli.files import write_bytes
from separate_cli.hub.header import Header
from separate_cli.models.base import Separator

__all__ = ["Weights", "read_checkpoint", "read_header", "save_checkpoint"]

MAX_HEADER_BYTES = 16 << 20


@dataclass(frozen=True)
class Weights:
    """A checkpoint in memory, not yet a model.

    Attributes:
        header: What it says about itself.
        tensors: Its state, by name.
        chosen: What the caller decides instead: names of constructor arguments, and ``model_name``.
    """

    header: Header
    tensors: dict[str, Tensor]
    chosen: frozenset[str] = frozenset()


def save_checkpoint(model: Separator, path: Path, **about: Any) -> Header:
    """Write a model's weights and description, whole or not at all.

    Args:
        model: The model; its class, arguments and sample rate go into the header.
        path: Where to; ends in ``.safetensors``.
        about: Further fields of ``Header``: title, licence, datasets, recipe, metrics, ...

    Returns:
        The header as written.

    Raises:
        OutputError: If the file cannot be written.
    """
    rebuilt = _rebuilt(model)
    header = Header(
        model_name=type(model).__name__,
        model_args=model.get_model_args(),
        sample_rate=model.sample_rate,
        source_names=model.source_names,
        rebuilt=rebuilt,
        **{"software": software_versions(), **about},
    )
    tensors = {key: value for key, value in model.state_dict().items() if key not in rebuilt}
    write_weights(Weights(header, tensors), path)
    return header


def _rebuilt(model: Separator) -> tuple[str, ...]:
    """Buffers that the constructor makes bit by bit from the arguments alone, such as the filters of an STFT."""
    with torch.random.fork_rng(devices=[]):
        twin = type(model)(**model.get_model_args())
    state, fresh = model.state_dict(), twin.state_dict()
    weights = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    return tuple(key for key in state if key not in weights and torch.equal(state[key].cpu(), fresh[key]))


def write_weights(weights: Weights, path: Path) -> None:
    """Write header and tensors. Tensors that share memory are written once each, as the format asks."""
    from safetensors.torch import save

    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in weights.tensors.items()}
    write_bytes(path, _in_order(save(tensors, metadata={"format": "pt", **weights.header.to_metadata()})))


def _in_order(content: bytes) -> bytes:
    """The same file with the keys of its header sorted; the library writes them in any order, so hashes differ."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # tensors stay aligned
    return struct.pack("<Q", len(header)) + header + content[8 + length :]


def read_header(path: Path) -> Header:
    """Read only the description of a checkpoint; no tensor is loaded.

    Raises:
        InputError: If the file is missing, damaged or not a checkpoint of ours.
    """
    with _opened(path) as stream:
        return Header.from_metadata(stream.metadata() or {}, where=str(path))


def read_checkpoint(path: Path) -> Weights:
    """Read a checkpoint of ours.

    Raises:
        InputError: If the file is missing, damaged or not a checkpoint of ours.
    """
    from safetensors import SafetensorError

    with _opened(path) as stream:
        header = Header.from_metadata(stream.metadata() or {}, where=str(path))
        try:
            tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118  not a dict
        except SafetensorError as error:
            raise _damaged(path, error) from error
    return Weights(header, tensors)


def software_versions() -> dict[str, str]:
    """Versions of what decides the numbers."""
    import platform

    from separate_cli import __version__

    return {"separate_cli": __version__, "torch": str(torch.__version__), "python": platform.python_version()}


def first_bytes(path: Path, n_bytes: int) -> bytes:
    """How a file begins. What is no regular file is not opened: a named pipe would block for ever.

    Raises:
        InputError: If it is missing, unreadable, or a folder, pipe or device.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is not a regular file.", hint="Copy what it gives into a file, and name that.")
        with path.open("rb") as stream:
            return stream.read(n_bytes)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        why = getattr(error, "strerror", None) or error
        raise InputError(f"Cannot read {path}: {why}.", hint="Check the path.") from error


def _opened(path: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    start = first_bytes(path, 100)
    if start[8:9] != b"{":
        raise _something_else(path, start)
    length, size = struct.unpack("<Q", start[:8])[0], path.stat().st_size
    if length > min(MAX_HEADER_BYTES, size - 8):
        raise InputError(
            f"{path} is not a checkpoint: its header claims {length} bytes, the file has {size}.",
            hint="The file is truncated or damaged: get it again.",
        )
    try:
        return safe_open(path, framework="pt")
    except SafetensorError as error:
        raise _damaged(path, error) from error


def _something_else(path: Path, start: bytes) -> InputError:
    """What a file is that begins like no checkpoint."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return InputError(
            f"{path} is a web page, not a model: the page of the download was saved instead of the file.",
            hint="Open the page in a browser, and save what its download button gives.",
        )
    if text.startswith(b"version https://git-lfs"):
        return InputError(
            f"{path} is a Git LFS pointer, not the model that it points to.",
            hint="Run git lfs pull in its repository, or download the file itself.",
        )
    what = "neither a safetensors nor a PyTorch file" if start else "empty"
    return InputError(f"{path} is {what}.", hint="Look at where it comes from, and get the model's file again.")


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is not a whole checkpoint: {error}.", hint="The file is damaged: get it again.")
