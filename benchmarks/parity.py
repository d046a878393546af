"""Asteroid's models in many settings, written by Asteroid, read by us: the same numbers?

    python benchmarks/parity.py                          # all models
    python benchmarks/parity.py --models DCUNet XUMX --combinations 50

Needs ``asteroid`` beside the package. Of each model in ``parity.yaml``, every argument is varied by itself, then
several at a time at random; weights, gains and running statistics are random. Each is saved by
``torch.save(model.serialize())``, loaded from the file, and compared: parameters counted, estimates within 1e-5 of the
largest sample. Where rounding alone is larger than that (norms of features that hardly vary), both are compared in
double precision. Two models and a filterbank of Asteroid 0.7 do not run on today's PyTorch and NumPy; they are repaired
here, in types and complex numbers only.
"""

from __future__ import annotations

import argparse
import collections
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
import yaml
from torch import Tensor, nn

from separate_cli import from_pretrained

TOLERANCE, DOUBLE_TOLERANCE = 1e-5, 1e-6  # some tables of filterbanks stay in single precision
OUTCOMES = ("equal", "equal in double precision", "refused by Asteroid", "different")
LARGE = {"DCUNet-16", "DCUNet-20", "Large-DCUNet-20", "DCCRN-CL"}
LARGE_SPECTRA = {"stft_n_filters": 512, "stft_kernel_size": 512, "stft_stride": 128}


def settings(table: dict[str, Any], combinations: int) -> Iterator[dict[str, Any]]:
    """Arguments of a model: the base, one argument changed, several changed at random."""
    base, choices = table["base"], table["choices"]
    chosen = random.Random(0)
    yield base
    for key, values in choices.items():
        for value in values:
            yield fitting(base | (value if key == "bank" else {key: value}))
    for _ in range(combinations):
        keys = chosen.sample(sorted(choices), k=min(chosen.randint(2, 5), len(choices)))
        picked = {key: chosen.choice(choices[key]) for key in sorted(keys)}
        yield fitting(base | picked.pop("bank", {}) | picked)


def fitting(arguments: dict[str, Any]) -> dict[str, Any]:
    """``arguments`` with sizes that fit each other."""
    if arguments.get("architecture") in LARGE:
        arguments = arguments | LARGE_SPECTRA
    if arguments.get("hop_size", 0) > arguments.get("chunk_size", sys.maxsize):
        arguments = arguments | {"hop_size": arguments["chunk_size"]}
    return arguments


def randomise(model: nn.Module, seed: int) -> None:
    """Other gains, offsets, slopes and running statistics than the 0 and 1 of a fresh model."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith("running_var") or (value.ndim == 1 and "window" not in name and value.is_floating_point()):
            with torch.no_grad():
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))


def wave(name: str, arguments: dict[str, Any], seed: int) -> Tensor:
    """A batch of two (one, where Asteroid mixes up two), of a length that nothing divides where that may be."""
    channels = {"FasNetTAC": 3, "XUMX": arguments.get("nb_channels", 2)}.get(name, 1)
    batch = 1 if arguments.get("output_type") == "reim" else 2
    samples = 9001 if arguments.get("stft_n_filters") == 512 else 1237
    if name == "DCUNet" and "fix_length_mode" not in arguments:  # then the number of frames must be 16 n + 1
        samples = 48 * arguments["stft_stride"] + arguments["stft_kernel_size"]
    return torch.randn(batch, channels, samples, generator=torch.Generator().manual_seed(seed))


def theirs(name: str) -> Any:
    """Asteroid's class, repaired where it needs it."""
    from asteroid import models
    from asteroid.masknn import recurrent
    from asteroid.models import conv_tasnet, x_umx

    if not hasattr(np, "math"):
        np.float, np.int, np.math = float, int, math  # type: ignore[attr-defined]  # what NumPy once had
        recurrent.DCCRMaskNetRNN.__init__ = _with_plain_size(recurrent.DCCRMaskNetRNN.__init__)
        x_umx.torch = _RealSTFT()
    elsewhere = {"VADNet": (conv_tasnet, "VADNet"), "XUMX": (x_umx, "BrokenXUMX")}
    return getattr(*elsewhere.get(name, (models, name)))


def _with_plain_size(init: Any) -> Any:
    def wrapped(self: Any, in_size: Any, *args: Any, **kwargs: Any) -> None:
        init(self, int(in_size), *args, **kwargs)

    return wrapped


class _RealSTFT:
    """``torch`` whose Fourier transforms take and give pairs of real numbers, as they once did."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    @staticmethod
    def stft(x: Tensor, **options: Any) -> Tensor:
        return torch.view_as_real(torch.stft(x, **options | {"return_complex": True}))

    @staticmethod
    def istft(x: Tensor, **options: Any) -> Tensor:
        return torch.istft(torch.view_as_complex(x.contiguous()), **options)


@torch.no_grad()
def estimates_of(model: Any, wav: Tensor) -> Tensor:
    """``(batch, source, ...)``; from Asteroid's X-UMX its time signals, in our order of axes."""
    if type(model).__name__ == "BrokenXUMX":
        model._return_time_signals = True
        waves: Tensor = model(wav)[1].transpose(0, 1)
        return waves
    found: Tensor = model(wav)
    return found


def relative_error(found: Tensor, expected: Tensor) -> float:
    found = found[..., : expected.shape[-1]]  # Asteroid's X-UMX ends with a whole hop
    if found.shape != expected.shape:
        raise ValueError(f"shape {tuple(found.shape)} instead of {tuple(expected.shape)}")
    return float((found - expected).abs().max() / expected.abs().max())


def compare(name: str, arguments: dict[str, Any], seed: int) -> tuple[str, float, str]:
    """An outcome, the relative error, and what went wrong."""
    torch.manual_seed(seed)
    wav = wave(name, arguments, seed)
    try:
        model = theirs(name)(**arguments).eval()
        randomise(model, seed)
        expected = estimates_of(model, wav)
    except Exception as error:
        return "refused by Asteroid", 0.0, f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            torch.save(model.serialize() | {"model_name": name}, Path(folder) / "model.pth")
            ours = from_pretrained(Path(folder) / "model.pth")
        counts = [sum(p.numel() for p in m.parameters()) for m in (model, ours)]
        if counts[0] != counts[1]:
            return "different", math.inf, f"{counts[1]} parameters instead of {counts[0]}"
        error = relative_error(estimates_of(ours, wav), expected)
        if error <= TOLERANCE:
            return "equal", error, ""
        wav = wav.double()
        doubled = relative_error(estimates_of(ours.double(), wav), estimates_of(model.double(), wav))
    except Exception as failure:
        return "different", math.inf, f"{type(failure).__name__}: {failure}"
    outcome = "equal in double precision" if doubled <= DOUBLE_TOLERANCE else "different"
    return outcome, doubled, f"error {error:.1e}, in double precision {doubled:.1e}"


def main() -> int:
    tables = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
    names = [name for name in tables if name != "lists"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=names, metavar="NAME", choices=names)
    parser.add_argument("--combinations", type=int, default=20, help="Random combinations a model.")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    print(f"| model | {' | '.join(OUTCOMES)} | worst error |\n|---|{'---|' * len(OUTCOMES)}---|")
    total: collections.Counter[str] = collections.Counter()
    for name in options.models:
        counts, worst = collections.Counter(dict.fromkeys(OUTCOMES, 0)), 0.0
        for seed, arguments in enumerate(settings(tables[name], options.combinations)):
            outcome, error, why = compare(name, arguments, seed)
            counts[outcome] += 1
            worst = max(worst, error)
            if why:
                print(f"{name}({arguments}): {outcome}: {why}", file=sys.stderr, flush=True)
        print(f"| {name} | {' | '.join(str(counts[key]) for key in OUTCOMES)} | {worst:.1e} |", flush=True)
        total += counts
    print(f"| all | {' | '.join(str(total[key]) for key in OUTCOMES)} | |")
    return 1 if total["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
