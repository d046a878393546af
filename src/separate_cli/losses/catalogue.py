"""Losses by name. A loss's file is imported when it is first asked for, so that one loss does not pay for all."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from separate_cli.registry import Registry

__all__ = ["FILES", "available", "get", "register_loss"]

FILES: dict[str, str] = {
    "BinaryCrossEntropy": "cross_entropy",
    "F1_loss": "soft_f1",
    "MixITLossWrapper": "mixit",
    "MixtureConsistentLossWrapper": "consistent",
    "MultiSrcMAE": "mae",
    "MultiSrcMSE": "mse",
    "MultiSrcNegSASDR": "silence",
    "MultiSrcNegSDR": "sdr",
    "MultiSrcNegTSDR": "silence",
    "ORPITLossWrapper": "orpit",
    "PITLossWrapper": "pit",
    "PITReorder": "pit",
    "PairwiseMSE": "mse",
    "PairwiseNegSDR": "sdr",
    "PairwiseNegTSDR": "silence",
    "SingleSrcCompressedSpectral": "compressed",
    "SingleSrcLogSpectralDistance": "log_spectral",
    "SingleSrcMAE": "mae",
    "SingleSrcMSE": "mse",
    "SingleSrcMultiResolutionSTFT": "multi_resolution",
    "SingleSrcMultiScaleSpectral": "spectral",
    "SingleSrcNegSDR": "sdr",
    "SingleSrcNegSTOI": "stoi",
    "SingleSrcPMSQE": "pmsqe",
    "SinkPITLossWrapper": "sinkpit",
    "SoftF1Loss": "soft_f1",
    "binary_cross_entropy": "cross_entropy",
    "deep_clustering_loss": "clustering",
    "whitened_clustering_loss": "clustering",
    "multisrc_mae": "mae",
    "multisrc_mse": "mse",
    "multisrc_neg_sasdr": "silence",
    "multisrc_neg_sdsdr": "sdr",
    "multisrc_neg_sisdr": "sdr",
    "multisrc_neg_snr": "sdr",
    "multisrc_neg_tsisdr": "silence",
    "multisrc_neg_tsnr": "silence",
    "pairwise_mse": "mse",
    "pairwise_neg_sdsdr": "sdr",
    "pairwise_neg_sisdr": "sdr",
    "pairwise_neg_snr": "sdr",
    "pairwise_neg_tsisdr": "silence",
    "pairwise_neg_tsnr": "silence",
    "singlesrc_mae": "mae",
    "singlesrc_mse": "mse",
    "singlesrc_neg_sdsdr": "sdr",
    "singlesrc_neg_sisdr": "sdr",
    "singlesrc_neg_snr": "sdr",
}
"""Public name → file in this folder. A lower-case name is a loss ready to call; a class is called with its options."""

_NAMES: Registry[str] = Registry("loss")
_REGISTERED: Registry[Any] = Registry("loss")
for _name in FILES:
    _NAMES.register(_name, _name)


def get(name: str) -> Any:
    """The loss called ``name`` (case-insensitive): a callable loss, or the class of one.

    Raises:
        ValueError: If there is none; the message names the closest three.

    >>> get("pairwise_neg_sisdr")
    PairwiseNegSDR('sisdr', zero_mean=True, take_log=True, EPS=1e-08)
    >>> get("PITlosswrapper").__name__
    'PITLossWrapper'
    """
    name = _NAMES.get(name)
    if name in _REGISTERED:
        return _REGISTERED.get(name)
    return getattr(import_module(f"separate_cli.losses.{FILES[name]}"), name)


def register_loss(name: str, loss: Any) -> Any:
    """Make a loss of your own known to ``get`` as ``name``.

    Raises:
        ValueError: If the name is taken.
    """
    _NAMES.register(name, name)
    return _REGISTERED.register(name, loss)


def available() -> list[str]:
    """Names of all losses, sorted.

    >>> [name for name in available() if name.startswith("pairwise")]
    ['pairwise_mse', 'pairwise_neg_sdsdr', 'pairwise_neg_sisdr', 'pairwise_neg_snr', 'pairwise_neg_tsisdr',
    'pairwise_neg_tsnr']
    """
    return list(_NAMES)
