"""Models by name. A model's file is imported when it is first asked for, so that one model does not pay for all."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from separate_cli.models.base import Separator
from separate_cli.registry import Registry

__all__ = ["FILES", "available", "get", "register_model"]

ModelClass = TypeVar("ModelClass", bound="type[Separator]")

FILES: dict[str, str] = {
    "CaCGMM": "cacgmm",
    "Chimera": "chimera",
    "ConvTasNet": "conv_tasnet",
    "DCCRNet": "dccrnet",
    "DCUNet": "dcunet",
    "DNSBaseline": "dns_baseline",
    "DPRNNTasNet": "dprnn_tasnet",
    "DPTNet": "dptnet",
    "DeMask": "demask",
    "FasNetTAC": "fasnet_tac",
    "LSTMTasNet": "lstm_tasnet",
    "LookingToListen": "looking_to_listen",
    "MultiDecoderDPRNN": "multi_decoder_dprnn",
    "SuDORMRFImprovedNet": "sudormrf",
    "SuDORMRFNet": "sudormrf",
    "TwoStepTDCN": "two_step",
    "VADNet": "vad_net",
    "XUMX": "xumx",
}
"""Class name → file in this folder."""

_REGISTERED: Registry[type[Separator]] = Registry("model")
_NAMES: Registry[str] = Registry("model")
for _name in FILES:
    _NAMES.register(_name, _name)


def register_model(cls: ModelClass) -> ModelClass:
    """Class decorator: make a model of your own known to ``get`` under its class name.

    Raises:
        ValueError: If the name is taken.
    """
    _NAMES.register(cls.__name__, cls.__name__)
    _REGISTERED.register(cls.__name__, cls)
    return cls


def get(name: str) -> type[Separator]:
    """The model class called ``name`` (case-insensitive).

    Raises:
        ValueError: If there is none; the message names the closest three.
    """
    name = _NAMES.get(name)
    if name in _REGISTERED:
        return _REGISTERED.get(name)
    found: type[Separator] = getattr(import_module(f"separate_cli.models.{FILES[name]}"), name)
    return found


def available() -> list[str]:
    """Names of all models, sorted."""
    return list(_NAMES)
