"""Which file of a folder, a record or a repository is the model, and what its host says about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from separate_cli.errors import InputError, RemoteError
from separate_cli.hub.plain_text import clean

__all__ = ["MODEL_SUFFIXES", "RemoteFile", "choose_model_file", "shown_names", "unknown_form"]

MODEL_SUFFIXES = frozenset({".safetensors", ".pth", ".pt", ".th", ".bin", ".ckpt"})
_USUAL = ("best.safetensors", "model.safetensors", "best_model.pth", "model.pth", "pytorch_model.bin")


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded.

    Attributes:
        origin: Name of exactly these bytes, for example ``zenodo:3862942/model.pth``.
        url: Where to get it.
        name: What its host calls it; never a path on this computer.
        size: In bytes, if known.
        checksum: ``"md5:…"``, ``"sha256:…"`` or ``"git-sha1:…"``; None if its host does not say.
        title: What its publisher calls it.
        licence: Which licence its publisher states.
        closed: Why the user may not have it and what to do, for when its host refuses it.
    """

    origin: str
    url: str
    name: str
    size: int | None = None
    checksum: str | None = None
    title: str = ""
    licence: str = ""
    closed: tuple[str, str] = ("The file is not open to everybody.", "Ask its owner for it.")


def shown_names(names: Iterable[str], *, most: int = 8) -> str:
    """File names that others chose, harmless to show, the first few of them."""
    every = [clean(name, limit=60) for name in names]
    return ", ".join(every[:most] + ["…"] * (len(every) > most))


def unknown_form(where: str, error: ValidationError) -> RemoteError:
    """The error for a description of files that is not what it should be."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"])
    return RemoteError(f"The description of {where} has an unknown form: {place}: {fault['msg']}.", hint="Update sep.")


def choose_model_file(names: Iterable[str], *, where: str, how: str = "name the file itself") -> str:
    """The one that is the model: a usual name, otherwise the only file that ends like a checkpoint.

    Args:
        names: All files.
        where: What holds them, for messages.
        how: What to do if there are several, for messages.

    Raises:
        InputError: If there is none, or several and none has a usual name.

    >>> choose_model_file(["README.md", "pytorch_model.bin", "best-model.ckpt"], where="the repository")
    'pytorch_model.bin'
    """
    every = list(names)
    usual = [name for name in _USUAL if name in every]
    if usual:
        return usual[0]
    likely = [name for name in every if PurePosixPath(name).suffix.casefold() in MODEL_SUFFIXES]
    if len(likely) == 1:
        return likely[0]
    if likely:
        raise InputError(f"{where} holds several models: {shown_names(likely)}.", hint=f"Please {how}.")
    raise InputError(
        f"{where} holds no model: expected one of {', '.join(_USUAL)}.",
        hint="Name the checkpoint file itself, or a finished training folder.",
    )
