"""What this installation can do, and what is wrong with it: one finding a line.

Nothing is changed and nothing is downloaded. A finding is ``ok``, ``absent`` (an optional part is not installed) or
``broken`` (something that is installed does not work).
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from separate_cli.settings import cache_folder, is_offline, workspace

__all__ = ["Finding", "examine"]

State = Literal["ok", "absent", "broken"]

_NEEDED = ("numpy", "scipy", "soundfile", "soxr", "lightning", "safetensors", "pydantic", "huggingface_hub")
_OPTIONAL = {
    "pesq": "metrics",
    "pocketsphinx": "wer",
    "jiwer": "wer",
    "onnxruntime": "onnx",
    "distributed": "dask",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, how it is, and what that means."""

    subject: str
    state: State
    text: str


def examine() -> Iterator[Finding]:
    """Look at Python, torch and its devices, packages, extras, bundled models and folders."""
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    yield _torch()
    yield _torchaudio()
    for name in _NEEDED:
        yield _package(name)
    for name, extra in _OPTIONAL.items():
        yield _package(name, extra=extra)
    yield _models()
    yield _folder("workspace", workspace)
    yield _folder("cache", cache_folder)
    yield Finding("network", "ok", "forbidden by SEP_OFFLINE" if is_offline() else "allowed")


def _torch() -> Finding:
    import torch

    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return Finding("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads, {', '.join(devices)}")


def _torchaudio() -> Finding:
    """Importing it is the test: its wheel refuses to load beside a torch of another build."""
    try:
        import_module("torchaudio")
    except ImportError as error:
        return Finding("torchaudio", "absent", f"{error}; nothing here needs it")
    except Exception as error:
        return Finding("torchaudio", "absent", f"does not load beside this torch; nothing here needs it ({error})")
    return Finding("torchaudio", "ok", version("torchaudio"))


def _package(name: str, *, extra: str = "") -> Finding:
    try:
        import_module(name)
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "ok", "installed")
    except ImportError as error:
        if extra:
            return Finding(name, "absent", f"optional: pip install 'separate-cli[{extra}]'")
        return Finding(name, "broken", str(error))


def _models() -> Finding:
    from separate_cli.errors import SepError
    from separate_cli.hub import bundled
    from separate_cli.hub.checking import check_model

    names = list(bundled())
    try:
        for name in names:
            check_model(name)
    except SepError as error:
        return Finding("bundled models", "broken", error.message)
    return Finding("bundled models", "ok" if names else "broken", ", ".join(names) or "none: reinstall the package")


def _folder(subject: str, where: Callable[[], Path]) -> Finding:
    folder = where()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if not os.access(existing, os.W_OK):
        return Finding(subject, "broken", f"{folder} is not writable")
    return Finding(subject, "ok", f"{folder}, {free:.1f} GB free")
