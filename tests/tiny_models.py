"""Tiny models of every class, and what they are fed with."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from separate_cli import LookingToListen, models
from separate_cli.models import Separator

FILTERS = {"n_src": 2, "n_filters": 16, "kernel_size": 8, "stride": 4}
CHUNKS = {**FILTERS, "chunk_size": 10, "hop_size": 5, "n_repeats": 1}
CONVOLUTIONS = {**FILTERS, "bn_chan": 8, "hid_chan": 8, "skip_chan": 8, "n_blocks": 2, "n_repeats": 1}
SPECTRA = {"stft_n_filters": 64, "stft_kernel_size": 64, "stft_stride": 16}
TINY: dict[str, tuple[str, dict[str, Any]]] = {
    "CaCGMM": ("CaCGMM", {"stft_size": 32, "stft_shift": 8, "n_iter": 3}),
    "DeMask": ("DeMask", {"hidden_dims": [8], "n_filters": 16, "kernel_size": 16, "stride": 8}),
    "ConvTasNet": ("ConvTasNet", CONVOLUTIONS),
    "ConvTasNet, causal": ("ConvTasNet", {**CONVOLUTIONS, "causal": True, "norm_type": "cgLN", "fb_name": "stft"}),
    "VADNet": ("VADNet", CONVOLUTIONS | {"n_src": 1}),
    "DPRNNTasNet": ("DPRNNTasNet", {**CHUNKS, "bn_chan": 8, "hid_size": 8}),
    "DPTNet": ("DPTNet", {**CHUNKS, "ff_hid": 8}),
    "LSTMTasNet": ("LSTMTasNet", {**FILTERS, "hid_size": 8, "n_layers": 1}),
    "SuDORMRFNet": ("SuDORMRFNet", {**FILTERS, "bn_chan": 8, "num_blocks": 1, "upsampling_depth": 3}),
    "SuDORMRFImprovedNet": ("SuDORMRFImprovedNet", {**FILTERS, "bn_chan": 8, "num_blocks": 1, "upsampling_depth": 3}),
    "DCUNet": ("DCUNet", {"architecture": "mini", **SPECTRA}),
    "DCCRNet": ("DCCRNet", {"architecture": "mini", **SPECTRA}),
    "DNSBaseline": ("DNSBaseline", {"n_filters": 16, "kernel_size": 16, "stride": 8, "hidden_size": 8, "n_layers": 2}),
    "Chimera": ("Chimera", {"n_src": 2, "n_filters": 16, "kernel_size": 16, "stride": 8, "hidden_size": 8}),
    "TwoStepTDCN": ("TwoStepTDCN", {"n_filters": 16, "bn_chan": 8, "hid_chan": 8, "n_blocks": 2, "n_repeats": 1}),
    "MultiDecoderDPRNN": ("MultiDecoderDPRNN", {"n_srcs": [2, 3], "bn_chan": 8, "hid_size": 8, "n_repeats": 1}),
    "LookingToListen": (
        "LookingToListen",
        {
            "face_dim": 8,
            "n_filters": 64,
            "kernel_size": 50,
            "stride": 20,
            "audio_chan": 4,
            "video_chan": 8,
            "hid_size": 8,
            "dense_size": 8,
            "sample_rate": 4000,
        },
    ),
    "FasNetTAC": (
        "FasNetTAC",
        {
            "n_src": 2,
            "enc_dim": 8,
            "feature_dim": 8,
            "hidden_dim": 8,
            "n_layers": 1,
            "tac_hidden_dim": 8,
            "context_ms": 4,
            "chunk_size": 10,
            "hop_size": 5,
            "sample_rate": 4000,
        },
    ),
    "XUMX": (
        "XUMX",
        {
            "sources": ["vocals", "other"],
            "window_length": 64,
            "in_chan": 64,
            "n_hop": 16,
            "hidden_size": 8,
            "nb_layers": 1,
            "sample_rate": 8000,
        },
    ),
}
"""Name → class and arguments."""


def build(name: str) -> Separator:
    """The model called ``name``, always with the same weights, in eval mode."""
    torch.manual_seed(0)
    cls, arguments = TINY[name]
    return models.get(cls)(**arguments).eval()


def wave(model: Separator, batch: int, samples: int) -> Tensor:
    """Noise ``(batch, channel, time)``, always the same; two channels where the model takes any number."""
    return torch.randn(batch, model.in_channels or 2, samples, generator=torch.Generator().manual_seed(1))


def inputs_of(model: Separator, batch: int, samples: int) -> dict[str, Tensor]:
    """All inputs of ``forward`` by name."""
    faces = {"faces": torch.randn(batch, 2, 11, 8)} if isinstance(model, LookingToListen) else {}
    return {"mixture": wave(model, batch, samples), **faces}
