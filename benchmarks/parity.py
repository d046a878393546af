"""Asteroid's models in many settings, written by Asteroid, read by us: the same numbers?

    python benchmarks/parity.py                          # all models
    python benchmarks/parity.py --models DCUNet XUMX --combinations 50

Needs ``asteroid`` beside the package. Of each model, every argument is varied by itself, then several at a time at
random; weights, gains and running statistics are random. Each is saved by ``torch.save(model.serialize())``, loaded
from the file, and compared: parameters counted, estimates within 1e-5 of the largest sample. Where rounding alone is
larger than that (norms of constant features), both are compared in double precision. Two models and a filterbank
of Asteroid 0.7 do not run on today's PyTorch and NumPy; they are repaired here, in types and complex numbers only.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from separate_cli import from_pretrained

TOLERANCE = 1e-5
DOUBLE_TOLERANCE = 1e-10
NORMS = ["gLN", "cLN", "cgLN", "fgLN", "bN"]
MASKS = ["sigmoid", "relu", "softmax", "linear", "tanh", "prelu", "gelu", "swish", "leaky_relu"]
BANKS: list[dict[str, Any]] = [
    {"fb_name": "stft"},
    {"fb_name": "STFTFB", "kernel_size": 20},
    {"fb_name": "analytic_free"},
    {"fb_name": "AnalyticFreeFB", "stride": 4},
    {"fb_name": "param_sinc", "kernel_size": 17},
    {"fb_name": "ParamSincFB", "kernel_size": 20},
    {"fb_name": "torch_stft", "kernel_size": 24, "stride": 6},
    {"fb_name": "mpgtf", "kernel_size": 32, "n_filters": 96, "stride": 8},
    {"fb_name": "FreeFB", "kernel_size": 24, "stride": 6},
    {"encoder_activation": "relu"},
    {"sample_rate": 16000},
]
"""Further settings of a filterbank of 24 filters."""
FREE = {"n_src": [1, 3], "bank": BANKS}
DUAL_PATH = {
    "chunk_size": [6, 9],
    "hop_size": [1, 4, 10],
    "n_repeats": [2],
    "norm_type": NORMS[1:4],
    "bidirectional": [False],
}
SMALL_SPECTRA = {"stft_n_filters": 64, "stft_kernel_size": 64, "stft_stride": 16}
BASES: dict[str, dict[str, Any]] = {
    "ConvTasNet": {"n_src": 2, "n_filters": 24, "bn_chan": 6, "hid_chan": 10, "skip_chan": 5, "n_blocks": 3}
    | {"n_repeats": 2},
    "VADNet": {"n_src": 1, "n_filters": 24, "bn_chan": 6, "hid_chan": 10, "skip_chan": 5, "n_blocks": 3},
    "DPRNNTasNet": {"n_src": 2, "n_filters": 24, "bn_chan": 6, "hid_size": 5, "chunk_size": 10, "n_repeats": 1},
    "DPTNet": {"n_src": 2, "n_filters": 24, "ff_hid": 5, "chunk_size": 10, "n_repeats": 1},
    "LSTMTasNet": {"n_src": 2, "n_filters": 24, "n_layers": 2, "hid_size": 7},
    "SuDORMRFNet": {"n_src": 2, "n_filters": 24, "bn_chan": 6, "num_blocks": 2, "upsampling_depth": 3},
    "SuDORMRFImprovedNet": {"n_src": 2, "n_filters": 24, "bn_chan": 6, "num_blocks": 2, "upsampling_depth": 3},
    "DeMask": {"n_filters": 64, "kernel_size": 64, "stride": 16, "hidden_dims": (9,)},
    "DCUNet": {"architecture": "mini", **SMALL_SPECTRA},
    "DCCRNet": {"architecture": "mini", **SMALL_SPECTRA},
    "FasNetTAC": {"n_src": 2, "enc_dim": 6, "feature_dim": 6, "hidden_dim": 5, "n_layers": 1, "tac_hidden_dim": 7}
    | {"context_ms": 4, "chunk_size": 10, "hop_size": 5, "sample_rate": 4000},
    "XUMX": {"sources": ["vocals", "other"], "window_length": 64, "in_chan": 64, "n_hop": 16, "hidden_size": 8}
    | {"nb_layers": 1},
}
"""Small, complete settings."""
CONV_TASNET = {
    **FREE,
    "out_chan": [24],
    "skip_chan": [0, None],
    "conv_kernel_size": [5, 7],
    "norm_type": NORMS[1:],
    "mask_act": MASKS[1:],
    "causal": [True],
}
SUDORMRF_BANKS = [bank for bank in BANKS if bank.get("stride", 8) >= bank.get("kernel_size", 21) // 2]
SUDORMRF = {
    "n_src": [1, 3],
    "bank": SUDORMRF_BANKS,
    "kernel_size": [15],
    "mask_act": ["relu", "sigmoid", "softmax"],
    "upsampling_depth": [1, 5],
}
CHOICES: dict[str, dict[str, list[Any]]] = {
    "ConvTasNet": CONV_TASNET,
    "VADNet": {key: value for key, value in CONV_TASNET.items() if key != "n_src"},
    "DPRNNTasNet": {
        **FREE,
        **DUAL_PATH,
        "mask_act": MASKS[1:],
        "rnn_type": ["GRU", "RNN"],
        "use_mulcat": [True],
        "num_layers": [2],
        "dropout": [0.2],
    },
    "DPTNet": {
        **FREE,
        **DUAL_PATH,
        "n_heads": [1, 5, 8],
        "ff_activation": ["sigmoid", "prelu", "gelu"],
        "mask_act": MASKS[:5],
        "dropout": [0.2],
    },
    "LSTMTasNet": {
        **FREE,
        "n_layers": [1, 3],
        "rnn_type": ["gru", "rnn"],
        "mask_act": MASKS[1:],
        "bidirectional": [False],
        "dropout": [0.0],
    },
    "SuDORMRFNet": SUDORMRF,
    "SuDORMRFImprovedNet": {**SUDORMRF, "stride": [9]},
    "DeMask": {
        "input_type": ["reim", "cat"],
        "output_type": ["reim"],
        "hidden_dims": [(), (8, 6), [5, 5, 5]],
        "activation": ["tanh", "prelu", "swish"],
        "mask_act": ["sigmoid", "tanh", "linear"],
        "norm_type": NORMS[1:],
        "bank": [{"fb_name": "free"}, {"fb_name": "analytic_free"}, {"fb_name": "torch_stft"}],
        "dropout": [0.1],
    },
    "DCUNet": {
        "architecture": ["DCUNet-10", "DCUNet-16", "DCUNet-20", "Large-DCUNet-20"],
        "n_src": [2, 3],
        "fix_length_mode": ["pad", "trim"],
        "mask_bound": ["BDT", "BDSS", "UBD", "tanh", "sigmoid", None],
        "sample_rate": [8000],
    },
    "DCCRNet": {
        "architecture": ["DCCRN-CL"],
        "n_src": [2],
        "mask_bound": ["BDT", "BDSS", "UBD", "tanh", "sigmoid", None],
        "sample_rate": [8000],
    },
    "FasNetTAC": {
        "n_src": [1, 3],
        "use_tac": [False],
        "norm_type": NORMS[1:4],
        "rnn_type": ["GRU", "RNN"],
        "bidirectional": [False],
        "stride": [4],
        "window_ms": [8],
        "context_ms": [2, 8],
        "chunk_size": [20],
        "n_layers": [2],
        "sample_rate": [8000],
    },
    "XUMX": {
        "nb_channels": [1],
        "sources": [["vocals"], ["bass", "drums", "vocals", "other"]],
        "bidirectional": [False],
        "max_bin": [20],
        "nb_layers": [2, 3],
        "n_hop": [32],
        "sample_rate": [16000],
    },
}
"""Other values of arguments; ``bank`` stands for several at once."""


def settings(name: str, combinations: int) -> Iterator[dict[str, Any]]:
    """Arguments of a model: as in the base, one changed, several changed at random."""
    base, choices = BASES[name], CHOICES[name]
    chosen = random.Random(0)
    yield base
    for key, values in choices.items():
        for value in values:
            yield base | (value if key == "bank" else {key: value})
    for _ in range(combinations):
        keys = chosen.sample(sorted(choices), k=min(chosen.randint(2, 5), len(choices)))
        picked = {key: chosen.choice(choices[key]) for key in sorted(keys)}
        bank = picked.pop("bank", {})
        yield base | bank | picked


def fitting(arguments: dict[str, Any]) -> dict[str, Any]:
    """``arguments``, with the Fourier sizes that the architecture and the filterbank ask for."""
    if arguments.get("architecture") in {"DCUNet-16", "DCUNet-20", "Large-DCUNet-20", "DCCRN-CL"}:
        arguments = arguments | {"stft_n_filters": 512, "stft_kernel_size": 512, "stft_stride": 128}
    if arguments.get("hop_size", 0) > arguments.get("chunk_size", sys.maxsize):
        arguments = arguments | {"hop_size": arguments["chunk_size"]}
    return arguments


def randomise(model: nn.Module, seed: int) -> None:
    """Gains, offsets, slopes and running statistics that a fresh model has at 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith("running_var") or (value.ndim == 1 and "window" not in name and value.is_floating_point()):
            with torch.no_grad():
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))


def wave(name: str, arguments: dict[str, Any], seed: int) -> Tensor:
    """A batch of two (one, where Asteroid mixes up two), of a length that nothing divides."""
    channels = {"FasNetTAC": 3, "XUMX": arguments.get("nb_channels", 2)}.get(name, 1)
    batch = 1 if arguments.get("output_type") == "reim" else 2
    samples = 9001 if arguments.get("stft_n_filters") == 512 else 1237
    if (
        name == "DCUNet" and "fix_length_mode" not in arguments
    ):  # then Asteroid needs 16 frames and one, 32 and one, ...
        samples = 48 * arguments["stft_stride"] + arguments["stft_kernel_size"]
    return torch.randn(batch, channels, samples, generator=torch.Generator().manual_seed(seed))


def theirs(name: str) -> Any:
    """Asteroid's class, repaired where it needs it."""
    from asteroid.masknn import recurrent
    from asteroid.models import conv_tasnet, x_umx

    if not hasattr(recurrent.DCCRMaskNetRNN, "repaired"):
        recurrent.DCCRMaskNetRNN.__init__ = _with_plain_size(recurrent.DCCRMaskNetRNN.__init__)
        recurrent.DCCRMaskNetRNN.repaired = True
        x_umx.torch = _RealSTFT()
        np.float, np.int, np.math = float, int, math
    if name in {"VADNet", "XUMX"}:
        return conv_tasnet.VADNet if name == "VADNet" else x_umx.BrokenXUMX
    from asteroid import models

    return getattr(models, name)


def _with_plain_size(init: Any) -> Any:
    def wrapped(self: Any, in_size: Any, *args: Any, **kwargs: Any) -> None:
        init(self, int(in_size), *args, **kwargs)

    return wrapped


class _RealSTFT:
    """``torch`` whose Fourier transforms take and give pairs of real numbers."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    @staticmethod
    def stft(x: Tensor, **options: Any) -> Tensor:
        return torch.view_as_real(torch.stft(x, **options | {"return_complex": True}))

    @staticmethod
    def istft(x: Tensor, **options: Any) -> Tensor:
        return torch.istft(torch.view_as_complex(x.contiguous()), **options)


def estimates_of(model: Any, wav: Tensor) -> Tensor:
    """``(batch, source, ...)``, from X-UMX with its time signals in our order of axes."""
    if type(model).__name__ == "BrokenXUMX":
        model._return_time_signals = True
        waves: Tensor = model(wav)[1].transpose(0, 1)
        return waves
    found: Tensor = model(wav)
    return found


def compare(name: str, arguments: dict[str, Any], seed: int, folder: Path) -> tuple[float, str]:
    """Relative error, and a reason to complain or nothing. NaN where Asteroid itself refuses."""
    torch.manual_seed(seed)
    wav = wave(name, arguments, seed)
    try:
        model = theirs(name)(**arguments).eval()
        randomise(model, seed)
        with torch.no_grad():
            expected = estimates_of(model, wav)
    except Exception as error:
        return float("nan"), f"Asteroid: {type(error).__name__}: {str(error).splitlines()[0][:90]}"
    path = folder / "model.pth"
    torch.save(model.serialize() | {"model_name": name}, path)
    try:
        ours = from_pretrained(path)
        with torch.no_grad():
            found = estimates_of(ours, wav)[..., : expected.shape[-1]]  # X-UMX of Asteroid ends with a whole hop
    except Exception as error:
        return float("inf"), f"{type(error).__name__}: {error}"
    count = [sum(p.numel() for p in m.parameters()) for m in (model, ours)]
    if count[0] != count[1]:
        return float("inf"), f"{count[1]} parameters instead of {count[0]}"
    if found.shape != expected.shape:
        return float("inf"), f"shape {tuple(found.shape)} instead of {tuple(expected.shape)}"
    error = relative_error(found, expected)
    if error <= TOLERANCE:
        return error, ""
    with torch.no_grad():
        doubled = relative_error(estimates_of(ours.double(), wav.double()), estimates_of(model.double(), wav.double()))
    return doubled, "estimates differ" if doubled > DOUBLE_TOLERANCE else "equal in double precision; ill-conditioned"


def relative_error(found: Tensor, expected: Tensor) -> float:
    return float((found[..., : expected.shape[-1]] - expected).abs().max() / expected.abs().max())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(BASES), metavar="NAME", choices=list(BASES))
    parser.add_argument("--combinations", type=int, default=20, help="Random combinations a model.")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    bad = 0
    print("| model | settings compared | of these in double precision | refused by Asteroid | worst relative error |")
    print("|---|---|---|---|---|")
    for name in options.models:
        worst, compared, refused, unstable = 0.0, 0, 0, 0
        for seed, arguments in enumerate(map(fitting, settings(name, options.combinations))):
            with tempfile.TemporaryDirectory() as folder:
                error, complaint = compare(name, arguments, seed, Path(folder))
            if complaint:
                print(f"{name}({arguments}): {complaint} {error:.1e}", file=sys.stderr, flush=True)
            refused += error != error
            compared += error == error
            unstable += "ill-conditioned" in complaint
            bad += bool(complaint) and error == error and "ill-conditioned" not in complaint
            worst = max(worst, error) if error == error else worst
        print(f"| {name} | {compared} | {unstable} | {refused} | {worst:.1e} |", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
