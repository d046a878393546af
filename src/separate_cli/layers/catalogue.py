"""All layers by name. A layer's file is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from separate_cli.layers import activations, norms, recurrent
from separate_cli.registry import Registry

__all__ = ["available", "get"]

_FILES: dict[str, tuple[str, ...]] = {
    "attention": ("DPTransformer", "ImprovedTransformedLayer"),
    "complex": (
        "BoundComplexMask",
        "ComplexConv2d",
        "ComplexConvTranspose2d",
        "ComplexMultiplicationWrapper",
        "OnReIm",
    ),
    "complex_recurrent": ("ComplexSingleRNN",),
    "complex_unet": ("ComplexUNet",),
    "dual_path": ("DPRNN", "DPRNNBlock", "DualPathProcessing"),
    "recurrent": ("LSTMMasker", "MulCatRNN", "SingleRNN", "StackedResidualBiRNN", "StackedResidualRNN"),
    "sudormrf": ("SuDORMRF", "SuDORMRFImproved"),
    "tac": ("TAC",),
    "tcn": ("Conv1DBlock", "TDConvNet"),
    "tdcn_plus": ("TDConvNetpp",),
    "trailing_mean": ("TrailingMean",),
    "u_conv": ("UBlock", "UConvBlock"),
}
"""File in this folder → class names."""

_ASTEROIDS = {"ComplexUNet": ["DCUMaskNet", "DCCRMaskNet"]}
"""Class name → what Asteroid calls it: a complex U-Net without and with recurrent layers at its bottom."""

_FILE_OF: Registry[str] = Registry("layer")
for _file, _names in _FILES.items():
    for _name in _names:
        _FILE_OF.register(_name, f"{_file}.{_name}", aliases=_ASTEROIDS.get(_name))
_KINDS = (norms.NORMS, activations.ACTIVATIONS, recurrent.RNNS)


def get(name: str) -> Any:
    """The layer called ``name`` (case-insensitive): a class, or for activations what makes one.

    Raises:
        ValueError: If there is none; the message names the closest three.
        TypeError: If ``name`` is no text.

    >>> get("gLN").__name__, get("tdconvnet").__name__, get("lstm").__name__
    ('GlobLN', 'TDConvNet', 'LSTM')
    >>> get("DPRN")
    Traceback (most recent call last):
        ...
    ValueError: Unknown layer 'DPRN'; the closest names are: DPRNN, RNN, DPRNNBlock.
    """
    for kind in _KINDS:
        if name in kind:
            return kind.get(name)
    if isinstance(name, str) and name not in _FILE_OF:
        raise ValueError(_FILE_OF.unknown(name, *_KINDS))
    file, _, found = _FILE_OF.get(name).partition(".")
    return getattr(import_module(f"separate_cli.layers.{file}"), found)


def available() -> list[str]:
    """Names of all layers, sorted."""
    return sorted([*_FILE_OF, *(name for kind in _KINDS for name in kind)])
