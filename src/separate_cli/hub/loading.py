"""From a reference to a model that is ready to run.

    name | path | URL | dict --references--> file --checkpoint | asteroid_import--> Weights --build--> Separator

Either a whole, checked model comes out, or an error and nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from separate_cli.errors import InputError, SepError
from separate_cli.files import hash_file
from separate_cli.hub.asteroid_import import import_asteroid
from separate_cli.hub.checkpoint import Weights, read_checkpoint
from separate_cli.hub.header import Header
from separate_cli.hub.pickles import load_pickle
from separate_cli.hub.plain_text import clean
from separate_cli.hub.references import Located, resolve
from separate_cli.hub.tensor_fit import UNFIT, at_most, check_fit
from separate_cli.models.base import Separator
from separate_cli.models.catalogue import get
from separate_cli.progress import SILENT, Progress

__all__ = ["LoadedModel", "from_pretrained", "load_model", "read_located", "read_weights"]


@dataclass(frozen=True)
class LoadedModel:
    """A model and where it came from.

    Attributes:
        model: In eval mode, on the CPU.
        name: What to call it: the title in its header, else the file's stem.
        content_hash: SHA-256 of the file, or of the tensors where there was no file; with overrides, of both.
        header: What the checkpoint says about itself, and its publisher where it says nothing.
        path: The local file; None for a dictionary.
        origin: What always leads to the same bytes, for example ``zenodo:3862942/model.pth``; empty if it is local.
        notice: What the user should know about how it was found; usually empty.
    """

    model: Separator
    name: str
    content_hash: str
    header: Header
    path: Path | None
    origin: str = ""
    notice: str = ""


def load_model(
    reference: str | Path | Mapping[str, Any],
    *,
    model_name: str = "",
    progress: Progress = SILENT,
    **overrides: Any,
) -> LoadedModel:
    """Load a model in eval mode on the CPU. Public ones are fetched once, checked, and kept in the cache folder.

    Args:
        reference: ``"demask"`` or another bundled name, a checkpoint file, a run folder, a published name of Asteroid,
            ``zenodo:…``, a DOI, ``user/repo`` on Hugging Face, a URL, or a dictionary in Asteroid's form.
        model_name: Class of the model where the file does not say (training checkpoints of Asteroid).
        progress: Shows a download.
        overrides: Constructor arguments that replace the stored ones.

    Raises:
        InputError: If it is not found, damaged, or does not fit its own description.
        RefusedError: If the file asks to load something that could run code, or is not what it should be.
        RemoteError: If it has to be fetched and cannot be.
    """
    if isinstance(reference, Mapping):
        weights = import_asteroid(reference, where="the dictionary", model_name=model_name, overrides=overrides)
        model = build(weights, where="the dictionary")
        return LoadedModel(model, weights.header.title or "model", _hash_tensors(weights), weights.header, None)
    found = resolve(reference, progress=progress)
    weights = read_located(found, model_name=model_name, overrides=overrides)
    model = build(weights, where=str(found.path))
    content = hash_file(found.path)
    if overrides:
        content = hashlib.sha256((content + repr(sorted(overrides.items()))).encode()).hexdigest()
    name = clean(weights.header.title or found.name, limit=100)
    return LoadedModel(model, name, content, weights.header, found.path, found.origin, found.notice)


def from_pretrained(reference: str | Path | Mapping[str, Any], **overrides: Any) -> Separator:
    """The trained model that ``reference`` means, of whichever class, in eval mode on the CPU.

    Args:
        reference: As for ``load_model``.
        overrides: Constructor arguments that replace the stored ones.

    Raises:
        InputError: If it is not found, damaged, or does not fit its own description.
        RefusedError: If the file asks to load something that could run code, or is not what it should be.
        RemoteError: If it has to be fetched and cannot be.

    >>> from separate_cli.models.demask import DeMask
    >>> model = DeMask(hidden_dims=[8])
    >>> again = from_pretrained(
    ...     {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": model.state_dict()}
    ... )
    >>> again.training, again.get_model_args()["hidden_dims"]
    (False, [8])
    """
    return load_model(reference, **overrides).model


def read_located(found: Located, *, model_name: str = "", overrides: Mapping[str, Any] = {}) -> Weights:
    """Read a file that was found, with what its publisher says where it says nothing itself: sample rate, licence."""
    weights = read_weights(found.path, model_name=model_name, overrides=overrides, sample_rate=found.sample_rate)
    if weights.header.licence or not found.licence:
        return weights
    return Weights(weights.header.model_copy(update={"licence": found.licence}), weights.tensors)


def read_weights(
    path: Path, *, model_name: str = "", overrides: Mapping[str, Any] = {}, sample_rate: float | None = None
) -> Weights:
    """Read a checkpoint of ours or of Asteroid's; which one is decided by its content, not by its name.

    Args:
        path: The file.
        model_name: Class of the model where the file does not say.
        overrides: Constructor arguments that replace the stored ones.
        sample_rate: In Hz, for files of Asteroid that do not say theirs.
    """
    if _is_pickle(path):
        content = load_pickle(path)
        return import_asteroid(
            content, where=str(path), model_name=model_name, overrides=overrides, sample_rate=sample_rate
        )
    weights = read_checkpoint(path)
    if not overrides:
        return weights
    arguments = {**weights.header.model_args, **overrides}
    return Weights(weights.header.model_copy(update={"model_args": arguments}), weights.tensors)


def build(weights: Weights, *, where: str) -> Separator:
    """Make the model that ``weights`` describes, fill it, and put it into eval mode.

    Raises:
        InputError: If class, arguments, tensor names, shapes or values are not what they should be.
    """
    header = weights.header
    limit = _LAYERS_PER_TENSOR * (len(weights.tensors) + len(header.rebuilt))
    try:
        cls = get(header.model_name)
    except ValueError as error:
        raise InputError(f"{where}: {error}", hint="Update sep, or register your own class first.") from error
    try:
        with torch.random.fork_rng(devices=[]):
            with torch.device("meta"), at_most(limit, where):
                check_fit(cls(**header.model_args), weights, where)  # a hostile size costs nothing here
            model = cls(**header.model_args)
    except SepError:
        raise
    except Exception as error:
        raise InputError(
            f"{where}: {header.model_name} cannot be built from its stored arguments: {error}",
            hint="The file is damaged or of another version of the model.",
        ) from error
    try:
        own = dict(model.named_buffers())
        model.load_state_dict({key: own[key] for key in header.rebuilt if key in own} | weights.tensors)
    except RuntimeError as error:
        raise InputError(f"{where}: {' '.join(str(error).split())[:300]}", hint=UNFIT) from error
    return model.eval()


_LAYERS_PER_TENSOR = 8
"""How many more parameters a constructor may make than the file holds: some layers share theirs with others."""


def _is_pickle(path: Path) -> bool:
    """A zip (new torch files) or a raw pickle (old ones); safetensors starts with a length and ``{``."""
    try:
        with path.open("rb") as stream:
            start = stream.read(9)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.", hint="Check the path.") from error
    return start[:2] in {b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"} and start[8:9] != b"{"


def _hash_tensors(weights: Weights) -> str:
    digest = hashlib.sha256(repr(sorted(weights.header.model_args.items())).encode())
    for key, value in sorted(weights.tensors.items()):
        digest.update(key.encode())
        digest.update(value.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()
