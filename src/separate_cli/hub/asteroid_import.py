"""Checkpoints written by Asteroid, turned into our header and tensors.

    .pth | pytorch_model.bin | .ckpt --load_pickle--> dict --import_asteroid--> Weights

Read are: the published dictionary (``model_name``, ``model_args``, ``state_dict``), also of versions that stored no
sample rate, and Lightning checkpoints of its recipes, whose weights carry a ``model.`` prefix and whose architecture
stands in ``training_config``.

Checked: tests/hub/test_asteroid_import.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from separate_cli.errors import InputError
from separate_cli.hub.checkpoint import Weights
from separate_cli.hub.header import Dataset, Header

__all__ = ["import_asteroid"]

_PREFIX = "model."
_ARCHITECTURE_SECTIONS = ("filterbank", "masknet", "net", "model", "demask_net")
_RENAMED: dict[str, dict[str, str]] = {
    "DPTNet": {"out_chan": ""},
    "DeMask": {"fb_type": "fb_name"},
    "FasNetTAC": {"samplerate": "sample_rate"},
    "SuDORMRFNet": {"stride": ""},  # the stride was half the kernel
    "XUMX": {"nhop": "n_hop", "bandwidth": "", "pretrained": ""},
}
"""Class → name in its recipe's configuration → constructor argument; "" where it never decided anything."""
_RATES = {"DeMask": 16000, "DCUNet": 16000, "DCCRNet": 16000, "FasNetTAC": 16000, "DNSBaseline": 16000, "XUMX": 44100}
_RATE_OTHERWISE = 8000
"""Sample rates, in Hz, of files that do not say: what the class's recipe was trained at."""


def import_asteroid(
    content: Any,
    *,
    where: str,
    model_name: str = "",
    overrides: Mapping[str, Any] = {},
    sample_rate: float | None = None,
) -> Weights:
    """Turn the content of an Asteroid file into weights with a header. ``content`` is not changed.

    Args:
        content: What the file held.
        where: Its name, for messages.
        model_name: Class to use where the file does not say (Lightning checkpoints).
        overrides: Constructor arguments that replace stored ones.
        sample_rate: In Hz, where the file does not say; None for what the class was usually trained at.

    Raises:
        InputError: If something that is needed is missing or has the wrong type.
    """
    if not isinstance(content, Mapping):
        raise InputError(f"{where} holds a {type(content).__name__}, not a checkpoint.", hint=_EXPECTED)
    chosen = frozenset(overrides)
    if "training_config" in content and "model_args" not in content:
        chosen |= {"model_name"}
        content = _from_lightning(content, model_name=model_name, where=where)
    missing = [key for key in ("model_name", "model_args", "state_dict") if key not in content]
    if missing:
        raise InputError(f"{where} lacks {', '.join(missing)}.", hint=_EXPECTED)
    name, tensors = str(content["model_name"]), _tensors(content["state_dict"], where)
    notes: list[str] = []
    try:
        arguments = _plain({**_mapping(content["model_args"], "model_args", where), **overrides})
        if arguments.get("sample_rate") is None:
            arguments["sample_rate"] = sample_rate or _RATES.get(name, _RATE_OTHERWISE)
            notes.append(f"The file does not say its sample rate; {arguments['sample_rate']} Hz is assumed.")
        header = _header(content, _as_built(name, arguments, tensors), tuple(notes), where)
    except (ValueError, TypeError, OverflowError, RuntimeError) as error:  # also what pydantic and tensors say
        if overrides:
            message = f"{where} cannot be described with another {', '.join(overrides)}: {_first_line(error)}."
            raise InputError(message, hint="Give another value, or leave it out.") from error
        raise InputError(f"{where} has a damaged description: {_first_line(error)}.", hint=_EXPECTED) from error
    return Weights(header, tensors, chosen)


def _as_built(name: str, arguments: dict[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """``arguments`` as the network was really built: Asteroid stored some that it did not use."""
    if name == "LSTMTasNet":
        return arguments | {"rnn_type": _recurrent_type(tensors, arguments)}
    if name == "FasNetTAC":
        return arguments | {"stride": None}  # it was half the window
    means = [tensor for key, tensor in tensors.items() if key.startswith("mean_scale.input_mean_")]
    if name == "XUMX" and means and means[0].ndim == 1:
        return arguments | {"max_bin": means[0].shape[0]}  # recipes give a bandwidth in Hz
    return arguments


def _header(content: Mapping[str, Any], arguments: dict[str, Any], notes: tuple[str, ...], where: str) -> Header:
    infos = _mapping(_plain(content.get("infos") or {}), "infos", where)
    return Header(
        model_name=str(content["model_name"]),
        model_args=arguments,
        sample_rate=float(arguments["sample_rate"]),
        title=str(infos.get("upload_name") or ""),
        licence=_PUBLISHED_UNDER if "Attribution-ShareAlike 3.0" in str(infos.get("license_note")) else "",
        task=str(content.get("task") or ""),
        datasets=_datasets(content),
        recipe=_mapping(infos.get("training_config") or {}, "training_config", where),
        metrics=_mapping(infos.get("final_metrics") or {}, "final_metrics", where),
        software={str(k): str(v) for k, v in _mapping(infos.get("software_versions") or {}, "software", where).items()},
        notes=notes,
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(lines[:3])[:160].rstrip(".")


_PUBLISHED_UNDER = "CC BY-SA 3.0"
"""What Asteroid's uploader put all models under; the data sets may forbid more."""
_EXPECTED = "Expected a model published by Asteroid (model_name, model_args, state_dict) or a checkpoint of sep."


def _from_lightning(content: Mapping[str, Any], *, model_name: str, where: str) -> dict[str, Any]:
    """The published form of a Lightning checkpoint: prefix removed, architecture read from the configuration."""
    config = _mapping(content["training_config"], "training_config", where)
    if not model_name:
        raise InputError(
            f"{where} is a training checkpoint that does not name its model class.",
            hint="Name the class: sep model convert FILE --model ConvTasNet, then use the result; or in Python"
            " ConvTasNet.from_pretrained(path).",
        )
    arguments: dict[str, Any] = {}
    for section in _ARCHITECTURE_SECTIONS:
        arguments.update(_mapping(config.get(section) or {}, section, where))
    for old, new in _RENAMED.get(model_name, {}).items():
        value = arguments.pop(old, None)
        arguments |= {new: value} if new and value is not None else {}
    data = _mapping(config.get("data") or {}, "data", where)
    arguments.setdefault("sample_rate", data.get("sample_rate", data.get("samplerate", data.get("fs"))))
    for name in ("n_src", "sources"):
        if name in data:
            arguments.setdefault(name, data[name])
    state = _mapping(content.get("state_dict"), "state_dict", where)
    own = {key.removeprefix(_PREFIX): value for key, value in state.items() if key.startswith(_PREFIX)}
    return {
        "model_name": model_name,
        "model_args": arguments,
        "state_dict": own or state,
        "infos": {"training_config": config},
    }


def _recurrent_type(tensors: Mapping[str, Tensor], arguments: Mapping[str, Any]) -> Any:
    """The type that the weights have: Asteroid stored ``rnn_type`` and built an LSTM whatever it said."""
    weight, stored = tensors.get("masker.masker.0.rnn.weight_hh_l0"), arguments.get("rnn_type", "lstm")
    if weight is None or weight.ndim != 2 or not weight.numel():
        return stored
    return _TYPES.get(weight.shape[0] // weight.shape[1], stored)


_TYPES = {4: "lstm", 3: "gru", 1: "rnn"}
"""Gates of a recurrent layer: how many times its hidden size the weights have rows."""


def _mapping(value: Any, name: str, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{where}: {name} is a {type(value).__name__}, not a table.", hint=_EXPECTED)
    return dict(value)


def _tensors(state: Any, where: str) -> dict[str, Tensor]:
    tensors = _mapping(state, "state_dict", where)
    odd = [key for key, value in tensors.items() if not isinstance(value, Tensor)]
    if odd:
        raise InputError(f"{where}: {odd[0]} in state_dict is no tensor.", hint=_EXPECTED)
    return {key: value.detach() for key, value in tensors.items()}


def _datasets(content: Mapping[str, Any]) -> tuple[Dataset, ...]:
    rows = [row for row in content.get("licenses") or () if isinstance(row, Mapping)]
    return tuple(
        Dataset(
            name=str(row.get("title") or content.get("dataset") or ""),
            licence=str(row.get("license") or ""),
            url=str(row.get("title_link") or ""),
            author=str(row.get("author") or ""),
            non_commercial=bool(row.get("non_commercial")),
        )
        for row in rows
    )


def _plain(value: Any) -> Any:
    """What JSON can hold: scalars of NumPy and torch become numbers, tensors and tuples lists, odd types their text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (torch.Tensor, np.generic)):
        return value.tolist()
    if isinstance(value, str):
        return str(value)  # also a subclass, for example torch's version string
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
