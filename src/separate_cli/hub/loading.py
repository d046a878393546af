"""From a reference to a model that is ready to run.

    name | path | URL | dict --references--> file --checkpoint | asteroid_import--> Weights --build--> Separator

Either a whole, checked model comes out, or an error and nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from separate_cli.errors import InputError, SepError
from separate_cli.files import hash_file
from separate_cli.hub.asteroid_import import import_asteroid
from separate_cli.hub.checkpoint import Weights, first_bytes, read_checkpoint
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
        InputError: If it is not found, damaged, or does not fit its own description or the overrides.
        RefusedError: If the file asks to load something that could run code, or is not what it should be.
        RemoteError: If it has to be fetched and cannot be.
        TypeError: If the reference is none of these.
    """
    if isinstance(reference, Mapping):
        weights = import_asteroid(reference, where="the dictionary", model_name=model_name, overrides=overrides)
        model = build(weights, where="the dictionary")
        return LoadedModel(model, weights.header.title or "model", _hash_tensors(weights), weights.header, None)
    if not isinstance(reference, (str, Path)):
        raise TypeError(f"Expected a name, a path or a dictionary, got {type(reference).__name__}.")
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
        InputError: If it is not found, damaged, or does not fit its own description or the overrides.
        RefusedError: If the file asks to load something that could run code, or is not what it should be.
        RemoteError: If it has to be fetched and cannot be.
        TypeError: If the reference is none of these.

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
    return replace(weights, header=weights.header.model_copy(update={"licence": found.licence}))


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
    rate = overrides.get("sample_rate", weights.header.sample_rate)
    header = weights.header.model_copy(update={"model_args": arguments, "sample_rate": rate})
    return replace(weights, header=header, chosen=frozenset(overrides))


def build(weights: Weights, *, where: str) -> Separator:
    """Make the model that ``weights`` describes, fill it, and put it into eval mode.

    Raises:
        InputError: If class, arguments, tensor names, shapes or values are not what they should be.
    """
    header = weights.header
    try:
        cls = get(header.model_name)
    except ValueError as error:
        raise InputError(f"{where}: {error}", hint="Update sep, or register your own class first.") from error
    try:
        with torch.random.fork_rng(devices=[]):
            with torch.device("meta"), at_most(_most_layers(weights), where):
                check_fit(cls(**header.model_args), weights, where)  # a hostile size costs nothing here
            model = cls(**header.model_args)
    except SepError as error:
        if error.hint == UNFIT:
            raise InputError(error.message, hint=_remedy(weights, UNFIT)) from error
        raise
    except Exception as error:
        raise _unbuildable(cls, weights, where, error) from error
    if model.sample_rate != header.sample_rate:
        rates = f"{header.sample_rate:g} Hz, its model {model.sample_rate:g} Hz"
        raise InputError(f"{where} says that it is for {rates}.", hint=UNFIT)
    try:
        own = dict(model.named_buffers())
        model.load_state_dict({key: own[key] for key in header.rebuilt if key in own} | weights.tensors)
    except RuntimeError as error:
        hint = _remedy(weights, UNFIT)
        raise InputError(f"{where}: {' '.join(str(error).split())[:300]}", hint=hint) from error
    return model.eval()


def _most_layers(weights: Weights) -> int:
    """How many parameters a constructor may make: more than the file holds, since some layers share theirs."""
    return 8 * (len(weights.tensors) + len(weights.header.rebuilt))


def _unbuildable(cls: type[Separator], weights: Weights, where: str, error: Exception) -> InputError:
    """Why a class cannot be made from its arguments: whose argument it is decides who has to change what."""
    name, refused = cls.__name__, _not_taken(cls, weights)
    own = [argument for argument in refused if argument in weights.chosen]
    if own:
        return InputError(
            f"{name} takes no argument {', '.join(own)}.", hint=f"Leave it out; help({name}) lists what there is."
        )
    remedy = _remedy(weights, "The file is of another version of the model, or of another class.")
    if refused:
        listed = clean(", ".join(refused), limit=300)
        return InputError(f"{where}: its settings do not fit {name}, which takes no {listed}.", hint=remedy)
    arguments = ", ".join(_overridden(weights))
    source = f"with another {arguments}" if arguments else "from its stored arguments"
    return InputError(f"{where}: {name} cannot be built {source}: {clean(error, limit=300)}", hint=remedy)


def _not_taken(cls: type[Separator], weights: Weights) -> list[str]:
    """Names of arguments that neither the class nor its parts know: each is left out once one of them complains."""
    left, found = dict(weights.header.model_args), list[str]()
    while len(found) < _MOST_NAMED:
        try:
            with torch.random.fork_rng(devices=[]), torch.device("meta"), at_most(_most_layers(weights), ""):
                cls(**left)
        except TypeError as error:
            named = _REFUSED.search(str(error))
            if named and named[1] in left:
                del left[named[1]]
                found.append(named[1])
                continue
        except Exception:  # another fault of the same arguments
            break
        break
    return found


_MOST_NAMED = 12
_REFUSED = re.compile(r"(?:unexpected keyword|takes no) argument '([^']+)'")
"""How Python and the models word it."""


def _overridden(weights: Weights) -> list[str]:
    return sorted(weights.chosen - {"model_name"})


def _remedy(weights: Weights, otherwise: str) -> str:
    """What to do about a model that does not come together: first undo what the caller chose."""
    if arguments := _overridden(weights):
        return f"Leave out {', '.join(arguments)}, or give what the weights were trained with."
    if "model_name" in weights.chosen:
        return "Name the class that was trained: sep model convert FILE --model CLASS, or CLASS.from_pretrained(path)."
    return otherwise


def _is_pickle(path: Path) -> bool:
    """A zip (new torch files) or a raw pickle (old ones); safetensors starts with a length and ``{``."""
    start = first_bytes(path, 9)
    return start[:2] in {b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"} and start[8:9] != b"{"


def _hash_tensors(weights: Weights) -> str:
    digest = hashlib.sha256(repr(sorted(weights.header.model_args.items())).encode())
    for key, value in sorted(weights.tensors.items()):
        digest.update(key.encode())
        digest.update(value.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()
